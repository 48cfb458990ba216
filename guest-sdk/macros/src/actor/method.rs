//! A method that is a message: what may stand there, and what is remembered of it.

use quote::format_ident;
use syn::{
    Attribute, Error, FnArg, Ident, ImplItemFn, Meta, Pat, PatType, Receiver, ReceiverKind, Result,
    ReturnType, Safety, Signature, Type, parse_quote,
};

use super::written::written;

/// One message.
pub(super) struct Method {
    pub(super) docs: Vec<Attribute>,
    pub(super) name: Ident,
    pub(super) args: Vec<Arg>,
    /// What it returns; `()` if nothing.
    pub(super) output: Type,
}

/// One argument of a message or of `init`.
pub(super) struct Arg {
    pub(super) name: Ident,
    pub(super) ty: Type,
}

/// Names that the macro gives functions of its own.
const RESERVED: [&str; 5] = ["spawn", "spawn_link", "spawn_monitor", "options", "whereis"];

impl Method {
    pub(super) fn read(item: &ImplItemFn, receiver: &Receiver) -> Result<Method> {
        let sig = &item.sig;
        check_receiver(receiver)?;
        check_plain(sig)?;
        check_cfg(&item.attrs)?;
        if RESERVED.iter().any(|name| sig.ident == name) {
            let text = format!(
                "`#[flower::actor]` makes a function `{}` itself: call this one otherwise",
                sig.ident
            );
            return Err(Error::new_spanned(&sig.ident, text));
        }
        let docs = item.attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect();
        Ok(Method { docs, name: sig.ident.clone(), args: args(sig)?, output: output(sig)? })
    }

    /// Its signature, as it counts for the fingerprint.
    pub(super) fn text(&self) -> String {
        let args: Vec<String> = self.args.iter().map(|arg| written(&arg.ty)).collect();
        format!("{}({}) -> {}", self.name, args.join(", "), written(&self.output))
    }
}

/// The arguments behind `self`, each with a name of its own.
pub(super) fn args(sig: &Signature) -> Result<Vec<Arg>> {
    let typed = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    typed.enumerate().map(|(at, typed)| arg(at, typed)).collect()
}

fn arg(at: usize, typed: &PatType) -> Result<Arg> {
    check_owned(&typed.ty, "an argument travels in a message: take it by value, text as a `String`")?;
    let name = match &*typed.pat {
        Pat::Ident(pat) => pat.ident.clone(),
        _ => format_ident!("arg{at}"),
    };
    Ok(Arg { name, ty: (*typed.ty).clone() })
}

fn output(sig: &Signature) -> Result<Type> {
    match &sig.output {
        ReturnType::Default => Ok(parse_quote!(())),
        ReturnType::Type(_, ty) => {
            check_owned(ty, "a reply is a copy that travels in a message: return it by value")?;
            Ok((**ty).clone())
        }
    }
}

fn check_receiver(receiver: &Receiver) -> Result<()> {
    match receiver.kind {
        ReceiverKind::Reference(..) => Ok(()),
        _ => {
            let text = "the actor lives on after a message: take `&mut self` or `&self`";
            Err(Error::new_spanned(receiver, text))
        }
    }
}

/// Whatever a function may be, a message is not.
pub(super) fn check_plain(sig: &Signature) -> Result<()> {
    if let Some(asyncness) = &sig.asyncness {
        let text =
            "no `async` is needed: a method of `#[flower::actor(process)]` blocks, and nobody waits with it";
        return Err(Error::new_spanned(asyncness, text));
    }
    if let Safety::Unsafe(token) = &sig.safety {
        return Err(Error::new_spanned(token, "a message comes from anybody: the method cannot be unsafe"));
    }
    if let Some(abi) = &sig.abi {
        return Err(Error::new_spanned(abi, "the method is called by messages: leave this out"));
    }
    if !sig.generics.params.is_empty() {
        let text = "a message has one form: name its types in place of parameters";
        return Err(Error::new_spanned(&sig.generics, text));
    }
    Ok(())
}

/// What is not always there would change the numbers of the others.
fn check_cfg(attrs: &[Attribute]) -> Result<()> {
    match attrs.iter().find(|attr| matches!(&attr.meta, Meta::List(list) if list.path.is_ident("cfg"))) {
        Some(attr) => {
            let text =
                "a message that is not always there changes the protocol: put the `cfg` inside the method";
            Err(Error::new_spanned(attr, text))
        }
        None => Ok(()),
    }
}

fn check_owned(ty: &Type, text: &str) -> Result<()> {
    match ty {
        Type::Reference(_) | Type::ImplTrait(_) | Type::Ptr(_) => Err(Error::new_spanned(ty, text)),
        _ => Ok(()),
    }
}

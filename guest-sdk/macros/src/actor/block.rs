//! The `impl` block: what is in it, and everything that is wrong with it at once.

use proc_macro2::Span;
use syn::{Error, Ident, ImplItem, ImplItemFn, ItemImpl, PathArguments, Result, Type};

use super::hook::Hooks;
use super::method::{Arg, Method};

/// What the macro has to know of it.
pub(super) struct Block {
    /// The type of the actor.
    pub(super) actor: Ident,
    /// The arguments of `init`.
    pub(super) init: Vec<Arg>,
    pub(super) methods: Vec<Method>,
    pub(super) hooks: Hooks,
}

impl Block {
    pub(super) fn read(block: ItemImpl) -> Result<Block> {
        let actor = actor(&block)?;
        let (mut hooks, mut methods, mut errors) = (Hooks::default(), Vec::new(), Vec::new());
        for item in functions(&block) {
            match read_function(item, &mut hooks) {
                Ok(method) => methods.extend(method),
                Err(error) => errors.push(error),
            }
        }
        let init = hooks.init.take();
        if init.is_none() {
            let text = "an actor begins with `init`: write `fn init(..) -> Self` in this block";
            errors.push(Error::new(Span::call_site(), text));
        }
        match errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        }) {
            Some(errors) => Err(errors),
            None => Ok(Block { actor, init: init.unwrap_or_default(), methods, hooks }),
        }
    }
}

fn functions(block: &ItemImpl) -> impl Iterator<Item = &ImplItemFn> {
    block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    })
}

/// A message, unless it is a hook, or a function that has nothing to do with an actor's state.
fn read_function(item: &ImplItemFn, hooks: &mut Hooks) -> Result<Option<Method>> {
    match item.sig.receiver() {
        _ if hooks.read(item)? => Ok(None),
        Some(receiver) => Method::read(item, receiver).map(Some),
        None => Ok(None),
    }
}

fn actor(block: &ItemImpl) -> Result<Ident> {
    if let Some((path, _)) = &block.trait_ {
        let text = "the messages of an actor are its own methods: write `impl` without a trait";
        return Err(Error::new_spanned(path, text));
    }
    if !block.generics.params.is_empty() {
        let text = "the host starts an actor by its name: name its types in place of parameters";
        return Err(Error::new_spanned(&block.generics, text));
    }
    let Type::Path(ty) = &*block.self_ty else { return Err(no_name(block)) };
    match ty.path.segments.last() {
        Some(last) if ty.path.segments.len() == 1 && matches!(last.arguments, PathArguments::None) => {
            Ok(last.ident.clone())
        }
        _ => Err(no_name(block)),
    }
}

fn no_name(block: &ItemImpl) -> Error {
    let text = "an actor is a type with a plain name, in the module where it is declared";
    Error::new_spanned(&block.self_ty, text)
}

//! The macros of the crate `flower`, which documents and re-exports them.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, Result, parse_macro_input};

mod receive;

/// Marks the program's main actor.
///
/// A plain `fn main()` works just as well; this one makes sure that the SDK is set up before its
/// first line, even in a program that calls nothing else of it.
///
/// ```
/// #[flower::main]
/// fn main() {
///     println!("an actor");
/// }
/// ```
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    no_args(args.into()).and_then(|()| expand_main(function)).unwrap_or_else(Error::into_compile_error).into()
}

/// Exports a function as an entry, under its own name: another program can spawn it.
///
/// The function takes what the spawner sends ([`Function`](../flower/trait.Function.html)); what it
/// returns is the exit value. See [`Spawn::entry`](../flower/struct.Spawn.html#method.entry).
///
/// ```
/// #[flower::entry]
/// fn double(n: u32) -> u32 {
///     2 * n
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn entry(args: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    no_args(args.into())
        .and_then(|()| expand_entry(function))
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

/// Takes the first message or signal that is of one of these types. Parks the actor until there is
/// one, or until the time is over.
///
/// ```no_run
/// # use serde::{Serialize, Deserialize};
/// # use std::time::Duration;
/// use flower::{Down, Request, receive};
///
/// #[derive(Serialize, Deserialize)]
/// struct Put(String);
/// #[derive(Serialize, Deserialize)]
/// struct Get;
///
/// let mut items = Vec::new();
/// let done = receive! {
///     Put(item): Put => {
///         items.push(item);
///         false
///     }
///     Request { reply, .. }: Request<Get> => reply.send(&items).is_err(),
///     down: Down => {
///         println!("{} has ended", down.pid);
///         true
///     }
///     after Duration::from_secs(5) => true,
/// }?;
/// # Ok::<(), flower::DecodeError>(())
/// ```
///
/// Messages of other types stay where they are, in order; one that does not match neither shortens
/// nor restarts the time. The order of the messages counts before the order of the arms. A type
/// without a fingerprint, such as `serde_json::Value`, matches every message.
///
/// The value is a `Result`: `Err(DecodeError)` when a message says that it is of one of the types,
/// but cannot be decoded; it is taken then.
#[proc_macro]
pub fn receive(input: TokenStream) -> TokenStream {
    let receive = parse_macro_input!(input as receive::Receive);
    receive.expand().into()
}

fn expand_main(mut function: ItemFn) -> Result<proc_macro2::TokenStream> {
    if let Some(asyncness) = function.sig.asyncness {
        return Err(Error::new_spanned(asyncness, "an actor blocks where others wait: no `async` is needed"));
    }
    let body = function.block;
    function.block = syn::parse_quote!({
        ::flower::__private::start();
        #body
    });
    Ok(quote!(#function))
}

fn expand_entry(function: ItemFn) -> Result<proc_macro2::TokenStream> {
    let name = &function.sig.ident;
    let export = name.to_string();
    Ok(quote! {
        #function

        const _: () = {
            // SAFETY: a second export of that name is refused by the linker.
            #[cfg_attr(target_family = "wasm", unsafe(export_name = #export))]
            extern "C" fn entry() {
                ::flower::__private::enter(#name);
            }

            #[cfg(not(target_family = "wasm"))]
            const _: extern "C" fn() = entry;
        };
    })
}

fn no_args(args: proc_macro2::TokenStream) -> Result<()> {
    if args.is_empty() { Ok(()) } else { Err(Error::new_spanned(args, "takes no arguments")) }
}

//! `#[flower::actor]`: an `impl` block whose methods become messages.
//!
//! `block` reads the block and says what is wrong with it, `expand` writes what it becomes; `method` and
//! `hook` are the two kinds of functions in it.

mod options;

mod block;
mod hook;
mod method;
mod written;

mod expand;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Item, Result};

use block::Block;
use options::Options;

/// The block as it is, with what it becomes beside it; or with everything that is wrong with it.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let expanded = Options::parse(args).and_then(|options| read(&item)?.expand(&options));
    let added = expanded.unwrap_or_else(Error::into_compile_error);
    quote! { #item #added }
}

fn read(item: &TokenStream) -> Result<Block> {
    match syn::parse2(item.clone())? {
        Item::Impl(block) => Block::read(block),
        other => Err(Error::new_spanned(
            other,
            "`#[flower::actor]` stands above the `impl` block whose methods are the messages",
        )),
    }
}

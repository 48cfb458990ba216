//! What stands in the parentheses: `process`, and `name = ".."`.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::{LitStr, Result};

/// The choices of an actor.
#[derive(Default)]
pub(super) struct Options {
    /// Whether it runs as a process, and may block.
    pub(super) process: bool,
    /// What it is called instead of its type.
    pub(super) name: Option<LitStr>,
}

impl Options {
    pub(super) fn parse(args: TokenStream) -> Result<Options> {
        let mut options = Options::default();
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("process") {
                options.process = true;
                Ok(())
            } else if meta.path.is_ident("name") {
                options.name = Some(meta.value()?.parse()?);
                Ok(())
            } else {
                Err(meta.error("expected `process` or `name = \"..\"`, or nothing for the handler style"))
            }
        });
        parser.parse2(args)?;
        Ok(options)
    }
}

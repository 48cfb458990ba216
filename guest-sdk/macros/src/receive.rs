//! `receive!`: arms of `pattern: Type => expression`, and at last `after duration => expression`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, Pat, Result, Token, Type};

/// The whole of it.
pub(crate) struct Receive {
    arms: Vec<Arm>,
    after: Option<After>,
}

struct Arm {
    pat: Pat,
    ty: Type,
    body: Expr,
}

struct After {
    timeout: Expr,
    body: Expr,
}

impl Parse for Receive {
    fn parse(input: ParseStream<'_>) -> Result<Receive> {
        let mut receive = Receive { arms: Vec::new(), after: None };
        while !input.is_empty() {
            if let Some(after) = &receive.after {
                return Err(Error::new_spanned(&after.timeout, "`after` has to be the last arm"));
            }
            if starts_after(input) {
                receive.after = Some(input.parse()?);
            } else {
                receive.arms.push(input.parse()?);
            }
        }
        if receive.arms.is_empty() {
            Err(input.error("expected an arm: `name: Type => ..`"))
        } else {
            Ok(receive)
        }
    }
}

/// `after` is the word of a timeout, unless it names what an arm receives.
fn starts_after(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.parse::<Ident>().is_ok_and(|word| word == "after") && !fork.peek(Token![:])
}

impl Parse for Arm {
    fn parse(input: ParseStream<'_>) -> Result<Arm> {
        let pat = Pat::parse_single(input)?;
        input.parse::<Token![:]>()?;
        let ty = input.parse()?;
        Ok(Arm { pat, ty, body: body(input)? })
    }
}

impl Parse for After {
    fn parse(input: ParseStream<'_>) -> Result<After> {
        input.parse::<Ident>()?;
        let timeout = input.parse()?;
        Ok(After { timeout, body: body(input)? })
    }
}

/// `=> expression`, with a comma unless it is a block or the last.
pub(crate) fn body(input: ParseStream<'_>) -> Result<Expr> {
    input.parse::<Token![=>]>()?;
    let body = Expr::parse_with_earlier_boundary_rule(input)?;
    let comma = input.parse::<Option<Token![,]>>()?;
    if comma.is_none() && !input.is_empty() && !matches!(body, Expr::Block(_)) {
        return Err(input.error("expected `,`"));
    }
    Ok(body)
}

impl Receive {
    /// A `match` on which of the filters the host found, each arm decoding its own type.
    pub(crate) fn expand(&self) -> TokenStream {
        let types = self.arms.iter().map(|arm| &arm.ty);
        let arms = self.arms.iter().enumerate().map(|(index, arm)| arm.expand(index));
        let (timeout, none) = match &self.after {
            Some(After { timeout, body }) => {
                (quote!(::core::option::Option::Some(#timeout)), quote!(::core::result::Result::Ok(#body)))
            }
            None => (quote!(::core::option::Option::None), quote!(::core::unreachable!())),
        };
        quote! {
            match ::flower::__private::select(
                &[#( <#types as ::flower::Receive>::selected() ),*],
                #timeout,
            ) {
                #( #arms )*
                _ => #none,
            }
        }
    }
}

impl Arm {
    fn expand(&self, index: usize) -> TokenStream {
        let Arm { pat, ty, body } = self;
        quote! {
            ::core::option::Option::Some((#index, envelope)) => {
                match <#ty as ::flower::Receive>::from_envelope(envelope) {
                    ::core::result::Result::Ok(#pat) => ::core::result::Result::Ok(#body),
                    ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                }
            }
        }
    }
}

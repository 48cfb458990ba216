//! `select!` and `select_async!`: arms of `pattern = operation => expression`, and at last `after(duration)` or `default`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprCall, ExprMethodCall, Ident, Pat, Result, Token, parenthesized};

use crate::receive::body;

/// The whole of it.
pub(crate) struct Select {
    biased: bool,
    arms: Vec<Arm>,
    otherwise: Option<Otherwise>,
}

struct Arm {
    pat: Pat,
    operation: Operation,
    condition: Option<Expr>,
    body: Expr,
}

/// What an arm does.
enum Operation {
    Recv(Expr),
    Send(Expr, Expr),
    /// The type, if it is written.
    Receive(TokenStream),
    /// The socket, the method that makes the arm, and its arguments.
    Socket(Expr, Ident, Punctuated<Expr, Token![,]>),
    /// The call of `connect_arm` or `resolve_arm`.
    Call(ExprCall),
}

/// Methods of sockets, and how many arguments they have.
const SOCKET_METHODS: &[(&str, usize)] = &[
    ("read", 1),
    ("peek", 1),
    ("write", 1),
    ("write_all", 1),
    ("accept", 0),
    ("into_tls", 1),
    ("shutdown", 1),
    ("recv_from", 1),
    ("send_to", 2),
];

/// What is done when no arm is.
struct Otherwise {
    timeout: Option<Expr>,
    body: Expr,
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> Result<Select> {
        let mut select = Select { biased: biased(input)?, arms: Vec::new(), otherwise: None };
        while !input.is_empty() {
            if select.otherwise.is_some() {
                return Err(input.error("`after` or `default` is the last arm, and there is one of them"));
            }
            match otherwise(input)? {
                Some(otherwise) => select.otherwise = Some(otherwise),
                None => select.arms.push(input.parse()?),
            }
        }
        if select.arms.is_empty() && select.otherwise.is_none() {
            return Err(input.error("expected an arm: `value = rx.recv() => ..`"));
        }
        Ok(select)
    }
}

/// `biased;`
fn biased(input: ParseStream<'_>) -> Result<bool> {
    let fork = input.fork();
    let is = fork.parse::<Ident>().is_ok_and(|word| word == "biased") && fork.peek(Token![;]);
    if is {
        input.parse::<Ident>()?;
        input.parse::<Token![;]>()?;
    }
    Ok(is)
}

/// `after(duration) => ..` or `default => ..`
fn otherwise(input: ParseStream<'_>) -> Result<Option<Otherwise>> {
    let fork = input.fork();
    let Ok(word) = fork.parse::<Ident>() else { return Ok(None) };
    if word == "default" && fork.peek(Token![=>]) {
        input.parse::<Ident>()?;
        return Ok(Some(Otherwise { timeout: None, body: body(input)? }));
    }
    if word != "after" || !fork.peek(syn::token::Paren) {
        return Ok(None);
    }
    input.parse::<Ident>()?;
    let content;
    parenthesized!(content in input);
    let timeout = content.parse()?;
    content.parse::<Option<Token![,]>>()?;
    if !content.is_empty() {
        return Err(content.error("`after` takes one duration"));
    }
    Ok(Some(Otherwise { timeout: Some(timeout), body: body(input)? }))
}

impl Parse for Arm {
    fn parse(input: ParseStream<'_>) -> Result<Arm> {
        let pat = Pat::parse_single(input)?;
        input.parse::<Token![=]>()?;
        let operation = Operation::read(input.parse()?)?;
        let condition = match input.parse::<Option<Token![if]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Arm { pat, operation, condition, body: body(input)? })
    }
}

impl Operation {
    fn read(expr: Expr) -> Result<Operation> {
        match expr {
            Expr::MethodCall(call) if call.method == "recv" && call.args.is_empty() => {
                Ok(Operation::Recv(*call.receiver))
            }
            Expr::MethodCall(call) if call.method == "send" && call.args.len() == 1 => {
                let ExprMethodCall { receiver, args, .. } = call;
                let [value] = items(args)?;
                Ok(Operation::Send(*receiver, value))
            }
            Expr::MethodCall(call) if is_of_socket(&call) => {
                let ExprMethodCall { receiver, method, args, .. } = call;
                Ok(Operation::Socket(*receiver, format_ident!("{method}_arm", span = method.span()), args))
            }
            Expr::Call(call) => Operation::read_call(call),
            other => Err(unknown(&other)),
        }
    }

    fn read_call(mut call: ExprCall) -> Result<Operation> {
        if is_receive(&call) {
            return Ok(Operation::Receive(turbofish(&call)));
        }
        match &mut *call.func {
            Expr::Path(path) if call.args.len() == 1 => match path.path.segments.last_mut() {
                Some(last) if last.ident == "connect" || last.ident == "resolve" => {
                    last.ident = format_ident!("{}_arm", last.ident, span = last.ident.span());
                }
                _ => return Err(unknown(&call)),
            },
            _ => return Err(unknown(&call)),
        }
        Ok(Operation::Call(call))
    }

    /// What makes the arm.
    fn arm(&self) -> TokenStream {
        match self {
            Operation::Recv(receiver) => quote!(::flower::__private::RecvArm::new(&#receiver)),
            Operation::Send(sender, value) => quote!(::flower::__private::SendArm::new(&#sender, #value)),
            Operation::Receive(ty) => quote!(::flower::__private::MailboxArm #ty ::new()),
            Operation::Call(call) => quote!(#call),
            Operation::Socket(socket, method, args) => quote!(#socket.#method(#args)),
        }
    }
}

fn items<const N: usize>(args: Punctuated<Expr, Token![,]>) -> Result<[Expr; N]> {
    let args: Vec<Expr> = args.into_iter().collect();
    args.try_into().map_err(|_| Error::new(Span::call_site(), "expected another number of arguments"))
}

fn unknown(operation: &impl ToTokens) -> Error {
    Error::new_spanned(
        operation,
        "expected `rx.recv()`, `tx.send(value)`, `receive::<T>()`, or of a socket `read(&mut buffer)`, \
         `write(bytes)`, `write_all(bytes)`, `accept()`, `peek(&mut buffer)`, `into_tls(&tls)`, `shutdown(how)`, \
         `recv_from(&mut buffer)`, `send_to(bytes, to)`, `TcpStream::connect(address)` or `resolve(name)`",
    )
}

fn is_of_socket(call: &ExprMethodCall) -> bool {
    SOCKET_METHODS.iter().any(|(method, args)| call.method == method && call.args.len() == *args)
}

/// `receive()`, `receive::<T>()`, `flower::receive::<T>()`
fn is_receive(call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    call.args.is_empty() && path.path.segments.last().is_some_and(|last| last.ident == "receive")
}

fn turbofish(call: &ExprCall) -> TokenStream {
    let Expr::Path(path) = &*call.func else { return TokenStream::new() };
    match path.path.segments.last().map(|last| &last.arguments) {
        Some(syn::PathArguments::AngleBracketed(types)) => {
            let types = &types.args;
            quote!(::<#types>)
        }
        _ => TokenStream::new(),
    }
}

impl Select {
    /// The arms, a choice among them, and what follows from it, where nothing is borrowed any more.
    pub(crate) fn expand(&self, wait: &TokenStream) -> TokenStream {
        let numbers: Vec<usize> = (0..self.arms.len()).collect();
        let names: Vec<Ident> = numbers.iter().map(|index| format_ident!("arm{index}")).collect();
        let types: Vec<Ident> = numbers.iter().map(|index| format_ident!("Arm{index}")).collect();
        let arms = self.arms.iter().map(Arm::make);
        let bodies = self
            .arms
            .iter()
            .zip(&types)
            .map(|(Arm { pat, body, .. }, ty)| quote!(Chosen::#ty(#pat) => #body,));
        let (otherwise, other) = self.otherwise();
        let biased = self.biased;
        quote! {{
            enum Chosen<#(#types),*> { #( #types(#types), )* None }

            let chosen = {
                use ::flower::__private::Done as _;
                #( let mut #names = #arms; )*
                let arms: &mut [&mut dyn ::flower::__private::Arm] = &mut [#( &mut #names ),*];
                let chosen = ::flower::__private::Selecting::new(arms, #biased, #otherwise).#wait;
                match chosen {
                    #( #numbers => Chosen::#types(#names.done()), )*
                    _ => Chosen::None,
                }
            };
            match chosen {
                #( #bodies )*
                Chosen::None => #other,
            }
        }}
    }

    fn otherwise(&self) -> (TokenStream, TokenStream) {
        let path = quote!(::flower::__private::Otherwise);
        match &self.otherwise {
            None => (quote!(#path::Wait), quote!(::core::unreachable!())),
            Some(Otherwise { timeout: None, body }) => (quote!(#path::Default), quote!(#body)),
            Some(Otherwise { timeout: Some(timeout), body }) => {
                (quote!(#path::After(#timeout)), quote!(#body))
            }
        }
    }
}

impl Arm {
    fn make(&self) -> TokenStream {
        let arm = self.operation.arm();
        match &self.condition {
            Some(condition) => {
                quote!(if #condition { ::core::option::Option::Some(#arm) } else { ::core::option::Option::None })
            }
            None => arm,
        }
    }
}

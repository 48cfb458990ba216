//! What stands beside the block: the trait, the client, the functions that spawn, and the entry.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Ident, Result, Type, parse_quote};

use super::block::Block;
use super::method::{Arg, Method};
use super::options::Options;

/// A method is named by a number of 16 bits.
const METHODS_MAX: usize = u16::MAX as usize;

impl Block {
    pub(super) fn expand(&self, options: &Options) -> Result<TokenStream> {
        if self.methods.len() > METHODS_MAX {
            return Err(Error::new_spanned(
                &self.actor,
                "more methods than a call can name: split the actor",
            ));
        }
        let name = options.name.as_ref().map_or_else(|| self.actor.to_string(), |name| name.value());
        let client = format_ident!("{}Client", self.actor);
        let (spawning, calling) = (self.spawning(&client), self.calling(&client));
        let (actor, checks) = (self.actor(&client, &name), self.checks());
        let entry = if options.process { self.process(&name) } else { self.handler(&name) };
        Ok(quote! { #spawning #calling #actor #entry #checks })
    }

    /// The functions that spawn take what `init` takes.
    fn spawning(&self, client: &Ident) -> TokenStream {
        let Block { actor, init, .. } = self;
        let (params, args) = (params(init), tuple(names(init)));
        quote! {
            #[allow(dead_code, unreachable_pub, reason = "a program may use some of them")]
            impl #actor {
                /// Starts one, with the arguments of `init`. Panics when the host refuses.
                #[track_caller]
                pub fn spawn(#(#params),*) -> #client {
                    ::flower::__private::spawning::spawn::<Self>(#args)
                }

                /// Starts one that is linked with the caller. Panics when the host refuses.
                #[track_caller]
                pub fn spawn_link(#(#params),*) -> #client {
                    ::flower::__private::spawning::spawn_link::<Self>(#args)
                }

                /// Starts one that the caller monitors. Panics when the host refuses.
                #[track_caller]
                pub fn spawn_monitor(#(#params),*) -> (#client, ::flower::MonitorRef) {
                    ::flower::__private::spawning::spawn_monitor::<Self>(#args)
                }

                /// One to be started, with all that can be chosen: a name, another module, limits. The
                /// pid that its `spawn` gives becomes a client by `into`.
                pub fn options<'a>(#(#params),*) -> ::flower::Spawn<'a, ()> {
                    ::flower::__private::spawning::options::<Self>(#args)
                }
            }
        }
    }

    /// The client and its methods.
    fn calling(&self, client: &Ident) -> TokenStream {
        let actor = &self.actor;
        let doc = format!("Calls a [`{actor}`]: each method is a message, sent by what it gives.");
        let calls = self.methods.iter().enumerate().map(|(at, method)| method.call(at, actor));
        quote! {
            ::flower::__client! {
                #[doc = #doc]
                #[allow(unreachable_pub, private_interfaces, reason = "as visible as its actor")]
                #client
            }

            #[allow(dead_code, unreachable_pub, private_interfaces, reason = "a program may use some of them")]
            impl #client {
                /// The actor of this name, if somebody holds it. Whether it is such an actor shows at the
                /// first call.
                pub fn whereis(name: &str) -> ::core::option::Option<#client> {
                    ::flower::whereis(name).map(::core::convert::From::from)
                }

                #(#calls)*
            }
        }
    }

    fn actor(&self, client: &Ident, name: &str) -> TokenStream {
        let Block { actor, init, methods, hooks } = self;
        let texts: Vec<String> = methods.iter().map(Method::text).collect();
        let text = format!("{name} {{ {} }}", texts.join("; "));
        let method_names = methods.iter().map(|method| method.name.to_string());
        let (types, names) = (tuple(types(init)), names(init));
        let (args, terminate) = (tuple(names.clone()), hooks.terminate);
        let failure = match hooks.on_failure {
            true => quote!(::core::option::Option::Some(Self::on_failure)),
            false => quote!(::core::option::Option::None),
        };
        let arms = methods.iter().enumerate().map(|(at, method)| method.arm(at));
        let hooks = self.hooks();
        quote! {
            impl ::flower::Actor for #actor {
                type Args = #types;
                type Client = #client;

                const PROTOCOL: ::flower::Protocol =
                    ::flower::Protocol::new(#name, &[#(#method_names),*], #text);
                const HOOKS: ::flower::__private::Hooks =
                    ::flower::__private::Hooks { terminate: #terminate, failure: #failure };

                fn begin(#args: #types) -> ::core::result::Result<Self, ::flower::ExitReason> {
                    ::flower::__private::Init::<Self>::begun(Self::init(#(#names),*))
                }

                #[allow(unused_variables, reason = "an actor may have no methods")]
                fn dispatch(&mut self, method: usize, invocation: ::flower::__private::Invocation<'_>) {
                    match method {
                        #(#arms)*
                        _ => ::core::unreachable!("the protocol has no such method"),
                    }
                }

                #hooks
            }
        }
    }

    /// The hooks that are there in place of what happens without them.
    fn hooks(&self) -> TokenStream {
        let info = self.hooks.handle_info.then(|| {
            quote! {
                fn info(&mut self, event: ::flower::Event) -> ::flower::Flow {
                    ::flower::__private::AfterEvent::flow(Self::handle_info(self, event))
                }
            }
        });
        let timeout = self.hooks.on_timeout.then(|| {
            quote! {
                fn timeout(&mut self, timer: ::flower::TimerRef) -> ::flower::Flow {
                    ::flower::__private::AfterEvent::flow(Self::on_timeout(self, timer))
                }
            }
        });
        let end = self.hooks.terminate.then(|| {
            quote! {
                fn end(&mut self, reason: ::flower::ExitReason) {
                    Self::terminate(self, reason)
                }
            }
        });
        quote! { #info #timeout #end }
    }

    fn handler(&self, name: &str) -> TokenStream {
        let actor = &self.actor;
        quote! {
            impl ::flower::Handler for #actor {
                type Args = <#actor as ::flower::Actor>::Args;

                fn start(args: Self::Args) -> Self {
                    ::flower::__private::start_actor(args)
                }

                fn handle(&mut self, event: ::flower::Event) -> ::flower::Flow {
                    ::flower::__private::handle_event(self, event)
                }
            }

            ::flower::handler!(#actor as #name);
        }
    }

    fn process(&self, name: &str) -> TokenStream {
        let actor = &self.actor;
        quote! {
            const _: () = {
                // SAFETY: a second export of that name is refused by the linker.
                #[cfg_attr(target_family = "wasm", unsafe(export_name = #name))]
                extern "C" fn entry() {
                    type Args = <#actor as ::flower::Actor>::Args;
                    ::flower::__private::enter::<_, Args, fn(Args)>(::flower::__private::run::<#actor>);
                }

                #[cfg(not(target_family = "wasm"))]
                const _: extern "C" fn() = entry;
            };
        }
    }

    /// Says at the type itself that it cannot travel.
    fn checks(&self) -> TokenStream {
        let args = self.methods.iter().flat_map(|method| method.args.iter().map(|arg| &arg.ty));
        let outputs = self.methods.iter().map(|method| &method.output);
        let types = self.init.iter().map(|arg| &arg.ty).chain(args).chain(outputs);
        let checks = types.map(|ty| quote_spanned!(ty.span()=> ::flower::__private::travels::<#ty>();));
        quote! { const _: () = { #(#checks)* }; }
    }
}

impl Method {
    /// The client's method.
    fn call(&self, at: usize, actor: &Ident) -> TokenStream {
        let Method { docs, name, args, output } = self;
        let (params, number) = (params(args), at as u16);
        let (types, values) = (args_type(args), args_tuple(args));
        let doc = docs.is_empty().then(|| format!("Calls `{actor}::{name}`."));
        let doc = doc.map(|text| quote!(#[doc = #text]));
        quote! {
            #(#docs)*
            #doc
            pub fn #name(&self, #(#params),*) -> ::flower::Call<#actor, #output> {
                ::flower::Call::new::<#types>(self.0, #number, &#values)
            }
        }
    }

    /// The actor's side of it.
    fn arm(&self, at: usize) -> TokenStream {
        let (name, names) = (&self.name, names(&self.args));
        let (types, values) = (args_type(&self.args), args_tuple(&self.args));
        quote!(#at => invocation.run(|#values: #types| Self::#name(self, #(#names),*)),)
    }
}

fn names(args: &[Arg]) -> Vec<Ident> {
    args.iter().map(|arg| arg.name.clone()).collect()
}

fn types(args: &[Arg]) -> Vec<Type> {
    args.iter().map(|arg| arg.ty.clone()).collect()
}

fn params(args: &[Arg]) -> Vec<TokenStream> {
    args.iter().map(|Arg { name, ty }| quote!(#name: #ty)).collect()
}

/// A tuple of any length.
fn tuple<T: quote::ToTokens>(items: Vec<T>) -> TokenStream {
    quote!((#(#items,)*))
}

/// The arguments of a message as one type: an empty array where there are none, which in JSON is one.
fn args_type(args: &[Arg]) -> Type {
    let types = tuple(types(args));
    if args.is_empty() { parse_quote!(::flower::__private::NoArgs) } else { parse_quote!(#types) }
}

fn args_tuple(args: &[Arg]) -> TokenStream {
    if args.is_empty() { quote!([]) } else { tuple(names(args)) }
}

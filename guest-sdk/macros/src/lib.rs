//! The macros of the crate `flower`, which documents and re-exports them.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, Result, parse_macro_input};

mod actor;
mod receive;
mod select;

/// Marks the program's main actor.
///
/// A plain `fn main()` works just as well; this one makes sure that the SDK is set up before its
/// first line, even in a program that calls nothing else of it. An `async fn main()` runs as the first of the
/// actor's [tasks](../flower/task/index.html).
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

/// Makes an actor of a type: the methods of the `impl` block become messages.
///
/// ```no_run
/// use flower::ExitReason;
///
/// struct Counter {
///     count: u64,
/// }
///
/// #[flower::actor]
/// impl Counter {
///     fn init(count: u64) -> Self {
///         Counter { count }
///     }
///
///     fn add(&mut self, n: u64) -> u64 {
///         self.count += n;
///         self.count
///     }
///
///     fn take(&mut self, n: u64) -> Result<u64, String> {
///         self.count = self.count.checked_sub(n).ok_or("too much")?;
///         Ok(self.count)
///     }
///
///     fn terminate(&mut self, reason: ExitReason) {
///         println!("{} when it ended: {reason}", self.count);
///     }
/// }
///
/// fn main() -> Result<(), flower::CallError> {
///     let counter = Counter::spawn(5);
///     assert_eq!(counter.add(2).call()?, 7);
///     assert_eq!(counter.take(9).call()?, Err("too much".to_owned()));
///     let later = counter.add(1).defer().map(|count| count * 10);
///     assert_eq!(later.wait()?, 80);
///     Ok(())
/// }
/// ```
///
/// # Messages
///
/// Every method that takes `&mut self` or `&self` is a message. What it takes and returns travels:
/// it is owned, and `Serialize` and `Deserialize`. The client, here `CounterClient`, has a method of the same
/// name that gives a [`Call`](../flower/struct.Call.html), which is sent by `call`, `defer`, `start` or `cast`.
/// A client is plain data: it can be copied and sent. A method that returns an `Err` gives it to its
/// caller; one that panics ends the actor, and everybody who waits for it learns why. Helpers that are no
/// messages stand in another `impl` block; functions without `self` are left alone.
///
/// # Hooks
///
/// - `fn init(..) -> Self`, or a `Result` of it: makes the actor in its own instance, before the first message. Its
///   arguments are those of `Counter::spawn`, `spawn_link`, `spawn_monitor` and `options`. An `Err` is
///   the reason with which the actor ends.
/// - `fn terminate(&mut self, reason: ExitReason)`: before it ends because it was stopped, because it traps exits and
///   its parent ended or told it to, or because a hook said [`Flow::Stop`](../flower/enum.Flow.html). Not
///   when it is killed, fails, or exits.
/// - `fn handle_info(&mut self, event: Event)`: everything that is no call: messages, answers, ends, exits.
/// - `fn on_timeout(&mut self, timer: TimerRef)`: a timer of `flower::after` or `tick`; without it, `handle_info`.
/// - `fn on_failure(reason: ExitReason)`: it panics. The state is not to be had any more; others can be told.
///
/// `handle_info` and `on_timeout` return nothing or a `Flow`.
///
/// # Styles
///
/// It is a [handler](../flower/trait.Handler.html), small, and its methods never wait. One of
/// `#[flower::actor(process)]` is a process, whose methods may block: they may call others, and sleep.
/// Nobody can tell one from the other from outside. `name = "..."` gives it another name than its type's.
#[proc_macro_attribute]
pub fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    actor::expand(args.into(), item.into()).into()
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

/// Does the first of several operations that can go ahead, and leaves the others as if they had never been tried. Blocks the
/// actor until then, and runs its tasks meanwhile; in a task, use [`select_async!`].
///
/// ```no_run
/// # use std::time::Duration;
/// use flower::{channel, select};
///
/// # #[derive(Debug, serde::Serialize, serde::Deserialize)]
/// # struct Ping;
/// let (tx, rx) = channel::<u32>(1);
/// let full = true;
/// select! {
///     value = rx.recv() => println!("{value:?}"),
///     result = tx.send(5) if !full => result?,
///     message = receive::<Ping>() => println!("{message:?}"),
///     after(Duration::from_secs(1)) => println!("too slow"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Arms
///
/// - `pattern = rx.recv() => expression`: the pattern is bound to an `Option`, `None` when the channel is closed and drained.
/// - `pattern = tx.send(value) => expression`: to a `Result`, an error when it is closed. The value of an arm that is not
///   chosen is dropped.
/// - `pattern = receive::<T>() => expression`: to a `Result` of the first message or signal of the mailbox that says that it is a `T`.
/// - `pattern = stream.read(&mut buffer) => expression`, and the other operations of sockets: to what the call would have returned.
/// - `after(duration) => expression`, at the end: when none has gone ahead in that time.
/// - `default => expression`, at the end: when none can go ahead now.
///
/// `if condition` behind an operation leaves the arm out when it is false. Where several arms can go ahead, one of
/// them is chosen at random; with `biased;` before the first arm, it is the first in the order of the arms.
///
/// The expressions stand in the function around them, where nothing is borrowed any more: they may `return`, `break`, and
/// use the channels.
///
/// # Panics
/// Inside a task, when only other tasks could end it; and when all arms are left out and there is no `after` or
/// `default`.
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    let select = parse_macro_input!(input as select::Select);
    select.expand(&quote!(wait())).into()
}

/// As [`select!`], in an `async` block: it awaits, and the other tasks run meanwhile.
///
/// ```no_run
/// use flower::{Receiver, select_async};
///
/// async fn either(a: Receiver<u32>, b: Receiver<u32>) -> Option<u32> {
///     select_async! {
///         value = a.recv() => value,
///         value = b.recv() => value,
///     }
/// }
/// ```
#[proc_macro]
pub fn select_async(input: TokenStream) -> TokenStream {
    let select = parse_macro_input!(input as select::Select);
    select.expand(&quote!(await)).into()
}

fn expand_main(mut function: ItemFn) -> Result<proc_macro2::TokenStream> {
    let mut body = function.block;
    if function.sig.asyncness.take().is_some() {
        let output = &function.sig.output;
        body = syn::parse_quote!({
            async fn main() #output #body
            ::flower::task::block_on(main())
        });
    }
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

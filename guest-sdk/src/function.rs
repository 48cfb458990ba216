//! Functions that can be spawned: of no argument, of one, or of several.

use std::marker::PhantomData;

use crate::Message;

/// A function, or a closure that captures nothing, that can be spawned with `Args`.
///
/// It takes what it is spawned with: nothing for `()`, the value itself, or the items of a tuple as
/// several arguments. It may also be one that never returns, or an `async` one.
///
/// `Shape` tells these apart; it is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be spawned with `{Args}`",
    label = "cannot be spawned with `{Args}`",
    note = "a function is spawned with what it takes: `()` for nothing, the argument, or a tuple of several",
    note = "arguments and result travel as messages: both need `Serialize` and `Deserialize`, and own their data",
    note = "a closure captures nothing, as actors share no memory"
)]
pub trait Function<Args, Shape>: Copy + 'static {
    /// What it returns.
    type Output: Message;

    /// Calls it.
    fn call(self, args: Args) -> Self::Output;
}

/// The shape of a function that never returns.
#[doc(hidden)]
pub struct Endless<F>(PhantomData<F>);

/// The shape of an `async` function, which runs as a [task](crate::task).
#[doc(hidden)]
pub struct Async<F>(PhantomData<F>);

/// What an endless function returns: the type `!`, which has no name of its own yet.
type Never = <fn() -> ! as Returns>::Output;

#[doc(hidden)]
pub trait Returns {
    type Output;
}

impl<R> Returns for fn() -> R {
    type Output = R;
}

macro_rules! functions {
    ($( $shape:ident ($($arg:ident),*) as $args:ty; )+) => {$(
        impl<F, R, $($arg),*> Function<$args, fn($($arg),*) -> R> for F
        where
            F: Fn($($arg),*) -> R + Copy + 'static,
            $args: Message,
            R: Message,
        {
            type Output = R;

            #[allow(non_snake_case, reason = "an argument is named like its type")]
            fn call(self, args: $args) -> R {
                let functions!(@$shape $($arg),*) = args;
                self($($arg),*)
            }
        }

        impl<F, $($arg),*> Function<$args, Endless<fn($($arg),*)>> for F
        where
            F: Fn($($arg),*) -> Never + Copy + 'static,
            $args: Message,
        {
            type Output = ();

            #[allow(non_snake_case, reason = "an argument is named like its type")]
            fn call(self, args: $args) {
                let functions!(@$shape $($arg),*) = args;
                self($($arg),*)
            }
        }

        impl<F, R, $($arg),*> Function<$args, Async<fn($($arg),*) -> R>> for F
        where
            F: Fn($($arg),*) -> R + Copy + 'static,
            $args: Message,
            R: Future,
            R::Output: Message,
        {
            type Output = R::Output;

            #[allow(non_snake_case, reason = "an argument is named like its type")]
            fn call(self, args: $args) -> R::Output {
                let functions!(@$shape $($arg),*) = args;
                crate::task::block_on(self($($arg),*))
            }
        }
    )+};
    (@one $arg:ident) => { $arg };
    (@tuple $($arg:ident),*) => { ($($arg),*) };
}

functions! {
    tuple () as ();
    one (A) as A;
    tuple (A, B) as (A, B);
    tuple (A, B, C) as (A, B, C);
    tuple (A, B, C, D) as (A, B, C, D);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: Function<A, S>, A, S>(f: F, args: A) -> F::Output {
        f.call(args)
    }

    fn nothing() -> u8 {
        1
    }

    fn unit((): ()) -> u8 {
        2
    }

    fn several(a: u32, b: String) -> String {
        format!("{a}{b}")
    }

    fn forever(_: u32) -> ! {
        panic!("not called")
    }

    #[test]
    fn a_tuple_is_one_argument_or_several() {
        assert_eq!((run(nothing, ()), run(unit, ())), (1, 2));
        assert_eq!(run(several, (1, "x".to_owned())), "1x");
        assert_eq!(run(|(a, b): (u32, u32)| a + b, (2, 2)), 4);
        assert_eq!(run(|a: u32, b: u32| a + b, (2, 2)), 4);
    }

    #[test]
    fn one_that_never_returns_has_no_value() {
        fn output<F: Function<A, S, Output = ()>, A, S>(_: F, _: fn(A)) {}
        output(forever, |_: u32| {});
        output(
            || loop {
                std::thread::park()
            },
            |()| {},
        );
    }
}

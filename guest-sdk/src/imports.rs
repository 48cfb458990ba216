//! The host calls as they are: expanded from the ABI's table, unchecked, integers in and out.
//!
//! Only [`crate::host`] may use them. Away from wasm each is a stub that panics, so that clippy,
//! rustdoc and the unit tests cover the whole SDK on any machine.

macro_rules! imports {
    ($( $(#[$doc:meta])* $waits:ident fn $name:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty
        { since: $since:literal, handler: $handler:ident, right: $right:literal, outcome: $outcome:ident } )*) => {
        #[cfg(target_family = "wasm")]
        #[link(wasm_import_module = "flower")]
        unsafe extern "C" {
            $( pub(crate) fn $name($($arg: $ty),*) -> $ret; )*
        }

        $(
            #[cfg(not(target_family = "wasm"))]
            #[allow(clippy::too_many_arguments, reason = "as many as the ABI has")]
            pub(crate) unsafe fn $name($(_: $ty),*) -> $ret {
                panic!(concat!("flower::", stringify!($name), " works inside flower-host only"))
            }
        )*
    };
}
flower_abi::for_each_host_call!(imports);

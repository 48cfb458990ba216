//! How a program can end; the first argument says how, and each has an exit code of its own.
//!
//! `return` 0, `error` 1, `exit N` N, `reason` 1, `shutdown` 0, `panic` 134, `trap` 134, `stack` 134,
//! `killed` 137.

use std::env;
use std::process;

use flower::{ExitReason, exit, kill, self_pid};

fn main() -> Result<(), String> {
    let mut args = env::args().skip(1);
    let how = args.next().unwrap_or_else(|| "return".to_owned());
    print!("main ends with {how}");
    match how.as_str() {
        "return" => Ok(()),
        "error" => Err("the error of main".to_owned()),
        "exit" => process::exit(args.next().and_then(|code| code.parse().ok()).expect("a number")),
        "reason" => exit(ExitReason::error("the reason of main")),
        "shutdown" => exit(ExitReason::shutdown()),
        "panic" => panic!("the panic of main"),
        "trap" => process::abort(),
        "stack" => Err(exhaust(1).to_string()),
        "killed" => kill(self_pid()).map_err(|error| error.to_string()),
        other => Err(format!("`{other}` is no way to end")),
    }
}

#[expect(unconditional_recursion, reason = "that is the test")]
#[inline(never)]
fn exhaust(n: u32) -> u32 {
    exhaust(n.rotate_left(1)).wrapping_mul(31).rotate_left(n)
}

//! Arguments and environment are those of the program, for all its actors, and nothing is inherited.
//!
//! Needs `--env GREETING=hello` and the arguments `one`, an empty one, and `two words`.

use std::env;

use flower::spawn_join;

fn main() {
    let seen = |()| (env::args().skip(1).collect::<Vec<_>>(), env::vars().collect::<Vec<_>>());
    let (args, vars) = seen(());
    assert_eq!(args, ["one", "", "two words"]);
    assert_eq!(vars, [("GREETING".to_owned(), "hello".to_owned())]);
    assert!(env::args().next().is_some_and(|name| name.contains("wasi_args_env")));
    println!("main sees {} arguments and {} variables", args.len(), vars.len());

    let (args, vars) = spawn_join(seen, ()).join().expect("it returns");
    println!("a child sees {} arguments and {} variables", args.len(), vars.len());
}

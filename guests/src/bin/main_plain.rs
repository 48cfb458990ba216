//! A plain `fn main` without any attribute is a program: it prints one line and exits with 0.

fn main() {
    println!("a plain main");
}

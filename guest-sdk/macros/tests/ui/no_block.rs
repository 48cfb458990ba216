//! The attribute on what is no block of methods of one type, and with words that it does not know.

#[flower::actor]
struct Counter;

struct Generic<T>(T);

#[flower::actor]
impl<T> Generic<T> {
    fn init(item: T) -> Self {
        Generic(item)
    }
}

struct Shown;

#[flower::actor]
impl Drop for Shown {
    fn drop(&mut self) {}
}

#[flower::actor(thread)]
impl Shown {
    fn init() -> Self {
        Shown
    }
}

fn main() {}

//! Patterns: selective receive by the shape of a JSON value.
//!
//! The guest decides: it looks at one message after the other and takes the first that has one of
//! the shapes. Those that have none stay where they are, in order. Matching works on a list and not
//! by recursion, so that neither a deep pattern nor a deep message overflows the stack.

use std::time::Duration;

use flower_abi::{Codec, Kind, NEVER};
use serde_json::Value;

use crate::clock::deadline;
use crate::{Envelope, host};

/// The shape of a JSON value. Written with [`pattern!`](crate::pattern!) or with the functions here.
#[derive(Clone, PartialEq, Debug)]
pub struct Pattern(Shape);

#[derive(Clone, PartialEq, Debug)]
enum Shape {
    Any,
    Null,
    Bool,
    Int,
    Float,
    Str,
    Array,
    Object,
    Exactly(Value),
    Items(Box<Pattern>),
    Tuple(Vec<Pattern>),
    Keys(Vec<(String, Pattern)>),
}

impl Pattern {
    /// Anything.
    pub const ANY: Pattern = Pattern(Shape::Any);
    /// Null.
    pub const NULL: Pattern = Pattern(Shape::Null);
    /// True or false.
    pub const BOOL: Pattern = Pattern(Shape::Bool);
    /// A number without fraction or exponent; a boolean counts as one.
    pub const INT: Pattern = Pattern(Shape::Int);
    /// A number with fraction or exponent.
    pub const FLOAT: Pattern = Pattern(Shape::Float);
    /// Text.
    pub const STR: Pattern = Pattern(Shape::Str);
    /// An array of anything.
    pub const ARRAY: Pattern = Pattern(Shape::Array);
    /// An object with any keys.
    pub const OBJECT: Pattern = Pattern(Shape::Object);

    /// This value and no other.
    pub fn exactly(value: impl Into<Value>) -> Pattern {
        Pattern(Shape::Exactly(value.into()))
    }

    /// An array all of whose items have this shape; the empty one too.
    pub fn items(item: Pattern) -> Pattern {
        Pattern(Shape::Items(Box::new(item)))
    }

    /// An array of exactly this length, each item with its own shape.
    pub fn tuple(items: impl IntoIterator<Item = Pattern>) -> Pattern {
        Pattern(Shape::Tuple(items.into_iter().collect()))
    }

    /// An object with at least these keys, each with its own shape.
    pub fn object<K: Into<String>>(keys: impl IntoIterator<Item = (K, Pattern)>) -> Pattern {
        let keys = keys.into_iter().map(|(key, pattern)| (key.into(), pattern));
        Pattern(Shape::Keys(keys.collect()))
    }

    /// Whether the value has this shape.
    pub fn matches(&self, value: &Value) -> bool {
        let mut open = vec![(self, value)];
        while let Some((pattern, value)) = open.pop() {
            if !pattern.0.matches(value, &mut open) {
                return false;
            }
        }
        true
    }
}

impl Shape {
    /// Whether the value has this shape, if the pairs that are left open match too.
    fn matches<'a>(&'a self, value: &'a Value, open: &mut Vec<(&'a Pattern, &'a Value)>) -> bool {
        match self {
            Shape::Any => true,
            Shape::Null => value.is_null(),
            Shape::Bool => value.is_boolean(),
            Shape::Int => value.is_i64() || value.is_u64() || value.is_boolean(),
            Shape::Float => value.is_f64(),
            Shape::Str => value.is_string(),
            Shape::Array => value.is_array(),
            Shape::Object => value.is_object(),
            Shape::Exactly(expected) => value == expected,
            Shape::Items(item) => {
                let Some(values) = value.as_array() else { return false };
                open.extend(values.iter().map(|value| (&**item, value)));
                true
            }
            Shape::Tuple(items) => {
                let Some(values) = value.as_array() else { return false };
                open.extend(items.iter().zip(values));
                items.len() == values.len()
            }
            Shape::Keys(keys) => keys.iter().all(|(key, pattern)| {
                let value = value.get(key);
                open.extend(value.map(|value| (pattern, value)));
                value.is_some()
            }),
        }
    }

    /// Moves the patterns inside to a list.
    fn dismantle(&mut self, parts: &mut Vec<Pattern>) {
        match self {
            Shape::Items(item) => parts.push(std::mem::replace(item, Pattern::ANY)),
            Shape::Tuple(items) => parts.append(items),
            Shape::Keys(keys) => parts.extend(keys.drain(..).map(|(_, pattern)| pattern)),
            _ => {}
        }
    }
}

/// Takes a pattern apart level by level: to drop a deep one by recursion would overflow the stack.
impl Drop for Pattern {
    fn drop(&mut self) {
        let mut parts = Vec::new();
        self.0.dismantle(&mut parts);
        while let Some(mut part) = parts.pop() {
            part.0.dismantle(&mut parts);
        }
    }
}

/// A [`Pattern`], written like the value that it matches.
///
/// ```
/// use flower::pattern;
/// use serde_json::json;
///
/// let wanted = "ada";
/// let person = pattern!({ "name": wanted, "age": int, "tags": [str], "at": (float, float) });
/// assert!(person.matches(&json!({ "name": "ada", "age": 36, "tags": [], "at": [0.5, 1.5], "x": 0 })));
/// assert!(!person.matches(&json!({ "name": "ada", "age": 36.5, "tags": [], "at": [0.5, 1.5] })));
/// ```
///
/// - `int`, `float`, `bool`, `str`, `null`, `array`, `object`: anything of this type; `_`: anything.
/// - `{ "key": .. }`: an object with these keys, and maybe more.
/// - `[..]`: an array whose items all match; `[]`: the empty one.
/// - `(.., ..)`: an array of this length; `(..,)` of length one.
/// - Anything else is an expression, in parentheses unless it is one token: exactly this value.
#[macro_export]
macro_rules! pattern {
    (_) => { $crate::Pattern::ANY };
    (null) => { $crate::Pattern::NULL };
    (bool) => { $crate::Pattern::BOOL };
    (int) => { $crate::Pattern::INT };
    (float) => { $crate::Pattern::FLOAT };
    (str) => { $crate::Pattern::STR };
    (array) => { $crate::Pattern::ARRAY };
    (object) => { $crate::Pattern::OBJECT };
    ({}) => { $crate::Pattern::OBJECT };
    ({ $($key:literal : $value:tt),+ $(,)? }) => {
        $crate::Pattern::object([$( ($key, $crate::pattern!($value)) ),+])
    };
    ([]) => { $crate::Pattern::tuple([]) };
    ([$item:tt]) => { $crate::Pattern::items($crate::pattern!($item)) };
    (($item:tt,)) => { $crate::Pattern::tuple([$crate::pattern!($item)]) };
    (($($item:tt),+ $(,)?)) => { $crate::pattern!(@tuple $($item),+) };
    (@tuple $value:tt) => { $crate::Pattern::exactly($value) };
    (@tuple $($item:tt),+) => { $crate::Pattern::tuple([$( $crate::pattern!($item) ),+]) };
    ($value:expr) => { $crate::Pattern::exactly($value) };
}

/// What [`receive_match`] found.
#[derive(Debug)]
pub struct Match {
    /// Which of the patterns it was.
    pub index: usize,
    /// The message.
    pub value: Value,
    /// The same as it arrived, with its sender.
    pub envelope: Envelope,
}

impl Match {
    fn find(patterns: &[Pattern], envelope: Envelope) -> Option<Match> {
        if envelope.info().kind != Kind::Message as u32 || envelope.codec() != Codec::JSON {
            return None;
        }
        let value = envelope.decode().ok()?;
        let index = patterns.iter().position(|pattern| pattern.matches(&value))?;
        Some(Match { index, value, envelope })
    }
}

/// Takes the first message that has one of these shapes. Parks the actor until there is one.
///
/// The order of the messages counts before the order of the patterns. What matches none stays where
/// it is, in order. Only messages in JSON are looked at.
///
/// ```no_run
/// use flower::{pattern, receive_match};
///
/// let found = receive_match(&[pattern!({ "a": int }), pattern!({ "c": str })]);
/// println!("{}: {}", found.index, found.value);
/// ```
pub fn receive_match(patterns: &[Pattern]) -> Match {
    loop {
        if let Some(found) = scan(patterns, NEVER) {
            return found;
        }
    }
}

/// The same, parked no longer than `timeout`, which a message that does not match neither shortens
/// nor restarts; `None` when none came in time.
pub fn receive_match_timeout(patterns: &[Pattern], timeout: Duration) -> Option<Match> {
    scan(patterns, deadline(timeout))
}

fn scan(patterns: &[Pattern], deadline: u64) -> Option<Match> {
    while let Ok(envelope) = host::scan(deadline) {
        if let Some(mut found) = Match::find(patterns, envelope) {
            host::scan_end(true);
            found.envelope.note_taken();
            return Some(found);
        }
    }
    host::scan_end(false);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::tests::{arrived, with_info};
    use serde_json::json;

    /// One row of the ancestor's table of shapes.
    macro_rules! rows {
        ($( $name:ident: $value:tt ~ $pattern:tt $expected:literal; )+) => {$(
            #[test]
            fn $name() {
                let (value, pattern) = (json!($value), pattern!($pattern));
                assert_eq!(pattern.matches(&value), $expected, "{value} ~ {pattern:?}");
            }
        )+};
    }

    rows! {
        keys_of_the_right_types: { "a": "b", "c": 5 } ~ { "a": str, "c": int } true;
        extra_keys: { "a": "b", "c": 5, "d": null } ~ { "a": str } true;
        missing_key: { "a": "b" } ~ { "a": str, "c": int } false;
        homogeneous: [1, 2, 3] ~ [int] true;
        not_homogeneous: [1, "a"] ~ [int] false;
        empty_is_homogeneous: [] ~ [int] true;
        tuple_of_the_length: [1, "a"] ~ (int, str) true;
        tuple_too_short: [1] ~ (int, str) false;
        tuple_too_long: [1, "a", 2] ~ (int, str) false;
        tuple_of_one: [1] ~ (int,) true;
        empty_only: [1] ~ [] false;
        int_is_no_bool: 1 ~ bool false;
        bool_is_an_int: true ~ int true;
        bool_is_a_bool: true ~ bool true;
        float_is_no_int: 1.0 ~ int false;
        float_is_a_float: 1.0 ~ float true;
        int_is_no_float: 1 ~ float false;
        anything_null: null ~ _ true;
        anything_deep: { "a": [1] } ~ _ true;
        exact_value: { "hello": "world" } ~ { "hello": "world" } true;
        other_value: { "hello": "world" } ~ { "hello": "something" } false;
        negative_value: [5] ~ ((0 - 5),) false;
        nested: { "world": [{ "abc": "x" }] } ~ { "world": [{ "abc": str }] } true;
        nested_mismatch: { "world": [{ "abc": 1 }] } ~ { "world": [{ "abc": str }] } false;
        no_array: { "a": 1 } ~ [int] false;
        no_object: [1] ~ { "a": int } false;
        object_of_any_kind: { "a": 1 } ~ {} true;
        null_only: 0 ~ null false;
        text_is_text: "x" ~ str true;
        large_unsigned: 18446744073709551615_u64 ~ int true;
    }

    #[test]
    fn expressions_are_exact_values() {
        let (one, text) = (1, String::from("x"));
        assert!(pattern!({ "a": one, "b": (one + 1) }).matches(&json!({ "a": 1, "b": 2 })));
        assert!(pattern!(text).matches(&json!("x")));
        assert!(pattern!(-3).matches(&json!(-3)));
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = (0..1_000_000).fold(Pattern::INT, |inner, _| Pattern::items(inner));
        assert!(deep.matches(&json!([[], [[]]])));
        assert!(!deep.matches(&json!([[5]])));
    }

    #[test]
    fn what_cannot_be_read_matches_nothing() {
        let any = [Pattern::ANY];
        assert_eq!(Match::find(&any, arrived("x")).map(|found| found.index), Some(0));
        let deep = with_info(&arrived("x"), |info| info.codec = Codec::BINARY.0);
        assert!(Match::find(&any, deep).is_none());
        let signal = with_info(&arrived("x"), |info| info.kind = Kind::Timer as u32);
        assert!(Match::find(&any, signal).is_none());
    }

    #[test]
    fn the_first_pattern_that_matches_counts() {
        let patterns = [pattern!({ "k": int }), pattern!({ "k": str }), pattern!(_)];
        let found = Match::find(&patterns, arrived(&json!({ "k": "first" }))).expect("a match");
        assert_eq!((found.index, found.value), (1, json!({ "k": "first" })));
    }
}

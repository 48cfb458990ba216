//! Patterns on JSON values of strangers.

use arbitrary::{Arbitrary, Unstructured};
use flower::Pattern;
use serde_json::Value;

/// How deep a generated pattern is.
const DEPTH_MAX: u32 = 12;

/// A pattern out of the first bytes, a value out of the rest.
pub fn run(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let Ok(pattern) = pattern(&mut input, 0) else { return };
    let Ok(value) = serde_json::from_slice::<Value>(input.take_rest()) else { return };
    let matched = pattern.matches(&value);
    assert_eq!(matched, pattern.matches(&value), "a pattern has no memory");
    assert!(Pattern::ANY.matches(&value));
    assert!(Pattern::exactly(value.clone()).matches(&value));
    if let Value::Array(items) = &value {
        let each = items.iter().map(|item| Pattern::exactly(item.clone()));
        assert!(Pattern::tuple(each).matches(&value));
    }
}

fn pattern(input: &mut Unstructured<'_>, depth: u32) -> arbitrary::Result<Pattern> {
    let simple = [
        Pattern::ANY,
        Pattern::NULL,
        Pattern::BOOL,
        Pattern::INT,
        Pattern::FLOAT,
        Pattern::STR,
        Pattern::ARRAY,
        Pattern::OBJECT,
    ];
    let choice = input.int_in_range(0..=if depth < DEPTH_MAX { 11 } else { 8 })?;
    Ok(match choice {
        9 => Pattern::items(pattern(input, depth + 1)?),
        10 => {
            let len = input.int_in_range(0..=4)?;
            Pattern::tuple(
                (0..len).map(|_| pattern(input, depth + 1)).collect::<arbitrary::Result<Vec<_>>>()?,
            )
        }
        11 => {
            let len = input.int_in_range(0..=4)?;
            let key =
                |input: &mut Unstructured<'_>| Ok((String::arbitrary(input)?, pattern(input, depth + 1)?));
            Pattern::object((0..len).map(|_| key(input)).collect::<arbitrary::Result<Vec<_>>>()?)
        }
        8 => Pattern::exactly(Value::from(i64::arbitrary(input)?)),
        simple_choice => simple[simple_choice].clone(),
    })
}

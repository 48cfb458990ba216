//! A limit on nesting for a codec that has none: a body of nothing but opening brackets must not
//! overflow the stack of who reads it.
//!
//! [`limit`] wraps a serde deserializer; every level of nesting that serde opens through it takes
//! one from the count, and the level past [`MAX`] is an error. Leaves pass straight through.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// How many levels a value may have: the same number that serde_json stops at.
pub(crate) const MAX: u8 = 128;

/// Wraps a deserializer.
pub(crate) fn limit<D>(inner: D) -> Limited<D> {
    Limited { inner, left: MAX }
}

/// Anything of serde's, with the number of levels that may still be opened inside.
pub(crate) struct Limited<T> {
    inner: T,
    left: u8,
}

impl<T> Limited<T> {
    /// Carries the count over to what serde hands out next.
    fn with<U>(&self, inner: U) -> Limited<U> {
        Limited { inner, left: self.left }
    }
}

/// Opens a level: calls the inner deserializer with the visitor wrapped, one level deeper.
macro_rules! open {
    ($self:ident, $visitor:ident, $method:ident $(, $arg:expr)*) => {{
        let Some(left) = $self.left.checked_sub(1) else {
            return Err(D::Error::custom("nested too deeply"));
        };
        $self.inner.$method($($arg,)* Limited { inner: $visitor, left })
    }};
}

macro_rules! leaves {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Limited<D> {
    type Error = D::Error;

    leaves! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier deserialize_any deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        open!(self, visitor, deserialize_option)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        open!(self, visitor, deserialize_seq)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        open!(self, visitor, deserialize_map)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        open!(self, visitor, deserialize_tuple, len)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        open!(self, visitor, deserialize_newtype_struct, name)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        open!(self, visitor, deserialize_tuple_struct, name, len)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        open!(self, visitor, deserialize_struct, name, fields)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        open!(self, visitor, deserialize_enum, name, variants)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Only what a compound can turn out to be; a visitor of leaves is never wrapped.
impl<'de, V: Visitor<'de>> Visitor<'de> for Limited<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let inner = self.with(inner);
        self.inner.visit_some(inner)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let inner = self.with(inner);
        self.inner.visit_newtype_struct(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let inner = self.with(inner);
        self.inner.visit_seq(inner)
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let inner = self.with(inner);
        self.inner.visit_map(inner)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let inner = self.with(inner);
        self.inner.visit_enum(inner)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Limited<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        let inner = self.with(inner);
        self.inner.deserialize(inner)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Limited<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.with(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Limited<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.with(seed);
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.with(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Limited<A> {
    type Error = A::Error;
    type Variant = Limited<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let left = self.left;
        let (value, inner) = self.inner.variant_seed(Limited { inner: seed, left })?;
        Ok((value, Limited { inner, left }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Limited<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.with(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.with(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.with(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Chain {
        End,
        Next(Box<Chain>),
        Both { left: Option<Box<Chain>>, rest: Vec<Chain> },
    }

    fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, postcard::Error> {
        T::deserialize(limit(&mut postcard::Deserializer::from_bytes(bytes)))
    }

    fn chain(len: usize) -> Vec<u8> {
        let mut bytes = vec![1; len];
        bytes.push(0);
        bytes
    }

    #[test]
    fn what_is_not_deep_passes() {
        let left = Some(Box::new(Chain::Next(Box::new(Chain::End))));
        let value = Chain::Both { left, rest: vec![Chain::End, Chain::Next(Box::new(Chain::End))] };
        let bytes = postcard::to_allocvec(&value).unwrap();
        assert_eq!(read::<Chain>(&bytes), Ok(value));
        let many = vec![(1_u8, Some("x".to_owned()), [0.5, 1.5]); 1000];
        assert_eq!(read(&postcard::to_allocvec(&many).unwrap()), Ok(many));
    }

    #[test]
    fn the_level_past_the_limit_is_an_error() {
        let max = usize::from(MAX);
        assert!(read::<Chain>(&chain(max - 1)).is_ok());
        assert!(read::<Chain>(&chain(max)).is_err());
        assert!(read::<Chain>(&chain(1_000_000)).is_err());
    }

    #[test]
    fn a_length_that_lies_is_an_error() {
        assert!(read::<Vec<u64>>(&[0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
        assert!(read::<String>(&[0xff, 0xff, 0xff, 0xff, 0x0f, b'x']).is_err());
    }
}

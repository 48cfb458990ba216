//! Types as they are written, for the text that the fingerprint is taken of.

use quote::ToTokens;

/// The tokens with no more blanks than are needed: the same however the source is formatted.
pub(super) fn written(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    for piece in tokens.to_token_stream().to_string().split_whitespace() {
        let apart = text.ends_with(',') || text.ends_with(is_word) && piece.starts_with(is_word);
        if apart {
            text.push(' ');
        }
        text.push_str(piece);
    }
    text
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::Type;

    #[test]
    fn the_format_does_not_count() {
        let types = ["Result<u64,Vec< String>>", "Result < u64 , Vec<String> >"];
        for text in types {
            let ty: Type = syn::parse_str(text).expect("a type");
            assert_eq!(written(&ty), "Result<u64, Vec<String>>");
        }
        let ty: Type = syn::parse_str("Box<dyn  Send>").expect("a type");
        assert_eq!(written(&ty), "Box<dyn Send>");
    }
}

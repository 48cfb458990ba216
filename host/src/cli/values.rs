//! Values of flags: sizes, directories, variables, modules.

use std::path::PathBuf;
use std::str::FromStr;

/// A size in bytes: a number with `K`, `M` or `G` behind it, which count in 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let wrong = || format!("{text:?} is not a size: write a number of bytes, or one with K, M or G");
        let (digits, shift) = match text.char_indices().last().ok_or_else(wrong)? {
            (at, 'K' | 'k') => (&text[..at], 10),
            (at, 'M' | 'm') => (&text[..at], 20),
            (at, 'G' | 'g') => (&text[..at], 30),
            _ => (text, 0),
        };
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        number.checked_mul(1 << shift).map(Size).ok_or_else(wrong)
    }
}

/// `HOST[::GUEST]`, as wasmtime spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DirFlag {
    pub(super) host: PathBuf,
    pub(super) guest: String,
}

impl FromStr for DirFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<DirFlag, String> {
        let (host, guest) = text.split_once("::").unwrap_or((text, text));
        if host.is_empty() || guest.is_empty() {
            return Err(format!("{text:?} is not HOST or HOST::GUEST"));
        }
        Ok(DirFlag { host: host.into(), guest: guest.to_owned() })
    }
}

/// `NAME[=VALUE]`; without a value the host's own is passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EnvFlag(pub(super) String, pub(super) String);

impl FromStr for EnvFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<EnvFlag, String> {
        if let Some((name, value)) = text.split_once('=') {
            return Ok(EnvFlag(name.to_owned(), value.to_owned()));
        }
        let value = std::env::var(text);
        let value = value.map_err(|_| format!("the variable {text} is not set here: write {text}=VALUE"))?;
        Ok(EnvFlag(text.to_owned(), value))
    }
}

/// `NAME=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModuleFlag {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

impl FromStr for ModuleFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<ModuleFlag, String> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => {
                Ok(ModuleFlag { name: name.to_owned(), path: path.into() })
            }
            _ => Err(format!("{text:?} is not NAME=PATH")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!("64".parse(), Ok(Size(64)));
        assert_eq!("64K".parse(), Ok(Size(65_536)));
        assert_eq!("2g".parse(), Ok(Size(2 << 30)));
        for wrong in ["", "K", "1.5M", "-1", "99999999999G"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn directories_may_have_another_name_inside() {
        let dir: DirFlag = "/srv/data::/data".parse().expect("a directory");
        assert_eq!((dir.host, dir.guest), ("/srv/data".into(), "/data".to_owned()));
        assert_eq!("here".parse::<DirFlag>().expect("a directory").guest, "here");
        assert!("::/data".parse::<DirFlag>().is_err());
    }

    #[test]
    fn variables_without_a_value_are_passed_on() {
        assert_eq!("A=b=c".parse(), Ok(EnvFlag("A".into(), "b=c".into())));
        assert!("FLOWER_SURELY_NOT_SET".parse::<EnvFlag>().is_err());
    }
}

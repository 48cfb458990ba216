//! What an actor is given in the terms of WASI: arguments, environment, directories.
//!
//! All of it is shared, checked once when it is made, and empty by default: nothing of the host's own
//! process is inherited.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DIRS_MAX, PATH_BYTES_MAX, STRINGS_BYTES_MAX};

/// Why something cannot be given to an actor.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The arguments, or the environment, are too long for every actor to copy.
    #[error("{len} bytes of arguments or environment are more than the {STRINGS_BYTES_MAX} allowed")]
    TooLong {
        /// How long they are, terminators included.
        len: usize,
    },
    /// WASI ends strings with a zero byte.
    #[error("{0:?} contains a zero byte")]
    ZeroByte(String),
    /// A variable's name ends at its first `=`.
    #[error("{0:?} cannot be the name of an environment variable: it is empty or contains `=`")]
    VariableName(String),
    /// More directories than an actor can be given.
    #[error("{0} directories are more than the {DIRS_MAX} that an actor can be given")]
    TooManyDirs(usize),
    /// The name of a directory for the guest.
    #[error("{0:?} cannot be a directory's name for the guest: it is empty or too long")]
    GuestName(String),
    /// The directory cannot be used.
    #[error("cannot grant the directory {path}: {cause}", path = path.display())]
    Directory {
        /// The directory, as it was given.
        path: PathBuf,
        /// What is wrong with it.
        cause: io::Error,
    },
}

/// A list of strings in the form in which guests get them: one after the other, each with a zero byte
/// behind it.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    bytes: Arc<[u8]>,
    /// Where each string starts.
    starts: Arc<[u32]>,
}

impl Strings {
    /// Arguments, as they are.
    pub fn args(args: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Strings, ConfigError> {
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        for arg in args {
            let arg = arg.as_ref();
            if arg.contains('\0') {
                return Err(ConfigError::ZeroByte(arg.to_owned()));
            }
            starts.push(bytes.len() as u32);
            bytes.extend_from_slice(arg.as_bytes());
            bytes.push(0);
            if bytes.len() > STRINGS_BYTES_MAX {
                return Err(ConfigError::TooLong { len: bytes.len() });
            }
        }
        Ok(Strings { bytes: bytes.into(), starts: starts.into() })
    }

    /// Environment variables: names and values.
    pub fn env<N: AsRef<str>, V: AsRef<str>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Strings, ConfigError> {
        let mut joined = Vec::new();
        for (name, value) in variables {
            let (name, value) = (name.as_ref(), value.as_ref());
            if name.is_empty() || name.contains('=') {
                return Err(ConfigError::VariableName(name.to_owned()));
            }
            joined.push(format!("{name}={value}"));
        }
        Strings::args(joined)
    }

    /// The strings in one piece.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The strings one by one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let text = std::str::from_utf8(&self.bytes).expect("it was made of strings");
        self.starts.iter().map(move |start| text[*start as usize..].split('\0').next().unwrap_or_default())
    }

    /// Where each string starts in that piece.
    pub(super) fn starts(&self) -> &[u32] {
        &self.starts
    }
}

/// What an actor may do in a directory, and in everything below it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Access {
    /// Read.
    ReadOnly,
    /// Read, create, write, rename and delete.
    #[default]
    ReadWrite,
}

/// One directory for guests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dir {
    /// Where it is.
    pub host: PathBuf,
    /// What guests call it: `/`, `.` or a path such as `/data`.
    pub guest: String,
    /// What they may do there.
    pub access: Access,
}

/// The directories that an actor may use; no path leads out of them.
#[derive(Clone, Debug, Default)]
pub struct Dirs(Arc<[Dir]>);

impl Dirs {
    /// These directories, each of which must exist now.
    pub fn new(dirs: impl IntoIterator<Item = Dir>) -> Result<Dirs, ConfigError> {
        let dirs: Arc<[Dir]> = dirs.into_iter().collect();
        if dirs.len() > DIRS_MAX {
            return Err(ConfigError::TooManyDirs(dirs.len()));
        }
        dirs.iter().try_for_each(check_dir)?;
        Ok(Dirs(dirs))
    }

    /// Directories that were granted before.
    pub(crate) fn of_granted(dirs: Vec<Dir>) -> Result<Dirs, ConfigError> {
        if dirs.len() > DIRS_MAX { Err(ConfigError::TooManyDirs(dirs.len())) } else { Ok(Dirs(dirs.into())) }
    }

    /// The directories in the order of their descriptors.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Dir> {
        self.0.iter()
    }

    /// The directory in this place.
    pub(super) fn get(&self, at: usize) -> Option<&Dir> {
        self.0.get(at)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is granted.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn check_dir(dir: &Dir) -> Result<(), ConfigError> {
    if dir.guest.is_empty() || dir.guest.len() > PATH_BYTES_MAX as usize {
        return Err(ConfigError::GuestName(dir.guest.clone()));
    }
    if dir.guest.contains('\0') {
        return Err(ConfigError::ZeroByte(dir.guest.clone()));
    }
    // Reading it shows both that it is a directory and that it may be used.
    let readable = Path::read_dir(&dir.host).map(drop);
    readable.map_err(|cause| ConfigError::Directory { path: dir.host.clone(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_laid_out_as_guests_get_them() {
        let args = Strings::args(["prog", "", "ä"]).expect("they are fine");
        assert_eq!(args.bytes(), "prog\0\0ä\0".as_bytes());
        assert_eq!(args.starts(), [0, 5, 6]);
        let env = Strings::env([("A", "1"), ("B", "x=y")]).expect("they are fine");
        assert_eq!(env.bytes(), b"A=1\0B=x=y\0");
    }

    #[test]
    fn what_guests_could_not_tell_apart_is_refused() {
        assert!(matches!(Strings::args(["a\0b"]), Err(ConfigError::ZeroByte(_))));
        assert!(matches!(Strings::env([("a=b", "c")]), Err(ConfigError::VariableName(_))));
        assert!(matches!(Strings::env([("", "c")]), Err(ConfigError::VariableName(_))));
        let long = "x".repeat(STRINGS_BYTES_MAX);
        assert!(matches!(Strings::args([long]), Err(ConfigError::TooLong { .. })));
    }

    #[test]
    fn a_directory_must_exist_and_have_a_name() {
        let dir = |host: &str, guest: &str| {
            let dir = Dir { host: host.into(), guest: guest.into(), access: Access::ReadOnly };
            Dirs::new([dir])
        };
        assert!(dir("/", "/").is_ok());
        assert!(matches!(dir("/", ""), Err(ConfigError::GuestName(_))));
        let missing = dir("/does/not/exist", "/").expect_err("there is no such directory");
        assert!(missing.to_string().starts_with("cannot grant the directory /does/not/exist: "));
    }
}

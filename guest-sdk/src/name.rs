//! Names: how actors find one another, and what outlives a pid.

use crate::{Pid, PidError, RegisterError, host};

/// Gives an actor a name that nobody else holds. The name is free again before anybody is told of
/// the actor's end.
///
/// Giving it the same name again is fine. Whoever looks the name up gets `pid` with the rights that
/// it has here: [`restrict`](Pid::restrict) it to give away less.
///
/// # Errors
/// [`RegisterError::NameTaken`] when another actor holds it.
pub fn register(name: &str, pid: Pid) -> Result<(), RegisterError> {
    Ok(host::register(name, pid.0)?)
}

/// Takes a name away from whoever holds it. Returns whether somebody did.
pub fn unregister(name: &str) -> bool {
    host::unregister(name).is_ok()
}

/// Who holds a name.
pub fn whereis(name: &str) -> Option<Pid> {
    host::whereis(name).ok().map(Pid)
}

/// The names of an actor, sorted.
///
/// # Errors
/// [`PidError::InvalidPid`] when the host did not make this pid.
pub fn names_of(pid: Pid) -> Result<Vec<String>, PidError> {
    let mut names = vec![0; host::names_of(pid.0, &mut [])? as usize];
    let len = host::names_of(pid.0, &mut names)? as usize;
    names.truncate(len);
    Ok(split(&names))
}

/// Each name is ended by a zero byte; one that was cut is left out.
fn split(names: &[u8]) -> Vec<String> {
    let ended = names.split_inclusive(|byte| *byte == 0).filter_map(|name| name.strip_suffix(&[0]));
    ended.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_zeros() {
        assert_eq!(split(b"a\0b\0"), ["a", "b"]);
        assert_eq!(split(b"a\0cut"), ["a"]);
        assert!(split(b"").is_empty());
    }
}

//! Programs that the tests use as clients of what the host serves: ordinary ones, which are no part of this repository.

use std::env;
use std::process::Command;

use anyhow::Result;

use crate::workspace::{probe, run, say};

/// Each program, and the package of Debian that has it.
const PROGRAMS: [(&str, &str); 4] =
    [("curl", "curl"), ("python3", "python3"), ("openssl", "openssl"), ("ab", "apache2-utils")];

/// Where it is missing, a test takes another.
const SPARED: &str = "ab";

/// Installs those that are missing, where that is possible without a question, and otherwise says what to type: guests can
/// be built all the same.
pub(crate) fn install() {
    let missing = missing();
    let Some(as_root) = as_root().filter(|_| !missing.is_empty() && is_there("apt-get")) else {
        return report();
    };
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    say!("installing {}", packages.join(" "));
    let install = [&["install", "-y", "--no-remove", "--no-install-recommends"], &*packages].concat();
    if let Err(error) = apt_get(as_root, &["update"]).and_then(|()| apt_get(as_root, &install)) {
        say!("{error}");
        report();
    }
}

fn apt_get(as_root: &[&str], args: &[&str]) -> Result<()> {
    let words = [as_root, &["apt-get", "-qq"], args].concat();
    let mut command = Command::new(words[0]);
    run(command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive"), "its message is above")
}

/// Says which are missing, without which some tests fail.
pub(crate) fn report() {
    let mut missing = missing();
    missing.retain(|(program, _)| *program != SPARED);
    if !missing.is_empty() {
        say!("{}", explanation(&missing));
    }
}

fn missing() -> Vec<(&'static str, &'static str)> {
    PROGRAMS.into_iter().filter(|(program, _)| !is_there(program)).collect()
}

fn explanation(missing: &[(&str, &str)]) -> String {
    let programs: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    format!(
        "some tests need {}, which this machine does not have: on Debian `sudo apt-get install {}`, elsewhere the packages \
         that have them",
        programs.join(" and "),
        packages.join(" ")
    )
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// What stands before a command that only root may run; `None` where nobody may without a password.
fn as_root() -> Option<&'static [&'static str]> {
    let is_root = probe(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    let may = is_root || probe(Command::new("sudo").args(["-n", "true"])).is_some();
    may.then_some(if is_root { &[] } else { &["sudo", "-n"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let text = explanation(&[("ab", "apache2-utils"), ("curl", "curl")]);
        assert!(text.contains("need ab and curl,"), "{text}");
        assert!(text.contains("apt-get install apache2-utils curl"), "{text}");
    }

    #[test]
    fn a_program_is_there_or_not() {
        assert!(is_there("sh") && !is_there("no-such-program-here"));
    }
}

//! What was not granted: a sentence for the guest, and for the operator a line that says who may grant it.

use std::fmt::Display;
use std::net::SocketAddr;

use parking_lot::Mutex;

use super::NetOp;
use crate::actor::Meta;
use crate::limits::REFUSALS_LOGGED_MAX;

/// One thing that an actor wanted and may not do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    /// As in `net connect 10.0.0.1:443`.
    what: String,
    /// What would have allowed it.
    remedy: String,
}

impl Refusal {
    /// An address of the network.
    pub(crate) fn net(op: NetOp, address: SocketAddr) -> Refusal {
        Refusal::of_net(op, &address)
    }

    /// A name of the network, with its port, which may not even be looked up.
    pub(crate) fn net_name(op: NetOp, name: &str) -> Refusal {
        Refusal::of_net(op, &escape(name))
    }

    /// A name of the network that leads where the actor may not go.
    pub(crate) fn net_resolved(op: NetOp, name: &str, address: SocketAddr) -> Refusal {
        let name = escape(name);
        Refusal {
            what: format!("net {op} {name}:{} (which is {address})", address.port()),
            remedy: net_remedy(op, &address),
        }
    }

    /// A Unix socket.
    pub(crate) fn unix(op: NetOp, path: &str) -> Refusal {
        Refusal::of_net(op, &format_args!("unix:{}", escape(path)))
    }

    /// A call that reached for a file outside of the directory that the guest knows by this name, or for more than
    /// was granted of it.
    pub(crate) fn file(call: &str, dir: Option<&str>) -> Refusal {
        let (below, name) = match dir {
            Some(dir) => (format!(" below {}", escape(dir)), escape(dir).to_string()),
            None => (String::new(), "GUEST".to_owned()),
        };
        let remedy = format!(
            "--dir HOST::{name} grants a directory, to write too, to the first actor, Spawn::allow_dir to a child"
        );
        Refusal { what: format!("{call} of this file{below}"), remedy }
    }

    /// What the host is given to read; the guest finds it at its end.
    pub(crate) fn stdin() -> Refusal {
        let remedy = "--allow-stdin grants it to the first actor, Spawn::allow_stdin to a child";
        Refusal { what: "stdin".to_owned(), remedy: remedy.to_owned() }
    }

    /// A name, or a group of that name.
    pub(super) fn name(name: &str) -> Refusal {
        let remedy = withheld("Spawn::only_names or Policy::names", "does not list it");
        Refusal { what: format!("the name {name:?}"), remedy }
    }

    /// Spawning, however much of it.
    pub(super) fn spawn() -> Refusal {
        let remedy = withheld("Spawn::depth_max or Policy::depth_max", "allows no further generation");
        Refusal { what: "spawn".to_owned(), remedy }
    }

    /// A module to spawn actors of.
    pub(super) fn module(module: &str) -> Refusal {
        let remedy = withheld("Spawn::only_modules or Policy::modules", "does not list the module");
        Refusal { what: format!("spawn of the module {module:?}"), remedy }
    }

    /// What a spawn names for its child and the parent does not have.
    pub(super) fn grant(entry: &str, remedy: impl Into<String>) -> Refusal {
        Refusal { what: format!("{} for a child", escape(entry)), remedy: remedy.into() }
    }

    fn of_net(op: NetOp, target: &dyn Display) -> Refusal {
        Refusal { what: format!("net {op} {target}"), remedy: net_remedy(op, target) }
    }

    /// What the guest is told.
    pub(crate) fn sentence(&self) -> String {
        format!("{} is not granted", self.what)
    }
}

/// No flag takes these away, and so none gives them back.
fn withheld(by: &str, how: &str) -> String {
    format!("{by} of the actor, or of one that it descends from, {how}")
}

fn net_remedy(op: NetOp, target: &dyn Display) -> String {
    format!("--allow-net {op}:{target} would grant it to the first actor, Spawn::allow_net to a child")
}

/// Text of a guest as a log may show it: no control character gets through to a terminal.
fn escape(text: &str) -> impl Display + '_ {
    text.escape_debug()
}

/// The log of refusals, which a guest must not be able to flood.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<Window>);

#[derive(Default)]
struct Window {
    /// The second that is counted.
    second: u64,
    logged: u32,
    /// Not logged since the last line.
    left_out: u64,
}

impl Refusals {
    /// Writes a line, unless there were too many in this second. `total` counts all of the host's.
    pub(crate) fn log(&self, meta: &Meta, refusal: &Refusal, now_ns: u64, total: u64) {
        let Some(left_out) = self.0.lock().admit(now_ns / 1_000_000_000) else { return };
        let (label, serial, Refusal { what, remedy }) = (&meta.label, meta.id.serial, refusal);
        let others = match left_out {
            0 => String::new(),
            left_out => format!(", {left_out} of them not logged"),
        };
        tracing::warn!(
            target: "flower",
            "actor {label} <0.{serial}>: {what} is not granted: {remedy} (refusals so far: {total}{others})"
        );
    }
}

impl Window {
    /// How many lines were left out before this one, or `None` when it is to be left out too.
    fn admit(&mut self, second: u64) -> Option<u64> {
        if self.second != second {
            (self.second, self.logged) = (second, 0);
        }
        if self.logged == REFUSALS_LOGGED_MAX {
            self.left_out += 1;
            return None;
        }
        self.logged += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_and_who_could_grant_it() {
        let refusal = Refusal::net(NetOp::Connect, "10.0.0.1:443".parse().expect("an address"));
        assert_eq!(refusal.sentence(), "net connect 10.0.0.1:443 is not granted");
        assert!(
            refusal.remedy.starts_with("--allow-net connect:10.0.0.1:443 would grant it"),
            "{}",
            refusal.remedy
        );
        let resolved = Refusal::net_resolved(NetOp::Connect, "a\nb", "[::1]:80".parse().expect("an address"));
        assert_eq!(resolved.sentence(), "net connect a\\nb:80 (which is [::1]:80) is not granted");
    }

    #[test]
    fn a_second_has_so_many_lines_and_the_next_counts_the_rest() {
        let mut window = Window::default();
        for _ in 0..REFUSALS_LOGGED_MAX {
            assert_eq!(window.admit(7), Some(0));
        }
        assert_eq!((window.admit(7), window.admit(7)), (None, None));
        assert_eq!((window.admit(8), window.admit(8)), (Some(2), Some(0)));
    }
}

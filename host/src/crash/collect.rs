//! Making the report, at the end of an actor, out of what it had.

use std::sync::atomic::Ordering;

use flower_abi::exit::{LimitCode, TrapCode};
use flower_abi::{Codec, ExitTag, Kind};

use super::remains::Frame;
use super::report::*;
use super::storm;
use super::text::{Brief, function_name, shown_lines};
use super::{Remains, shown, tell};
use crate::actor::{Cell, Owned};
use crate::exit::{ExitReason, Value};
use crate::limits::{REPORT_BODY_BYTES_MAX, REPORT_MESSAGES_MAX, REPORT_PEERS_MAX, REPORT_TEXT_BYTES_MAX};
use crate::loaded::Loaded;
use crate::module::Style;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::shared::Shared;
use crate::signal::{Envelope, Signal};

/// An actor that has crashed, on its way out: its body is gone, and nobody has been told.
pub(crate) struct Crashed<'a> {
    pub(crate) owned: &'a Owned,
    pub(crate) cell: &'a Cell,
    pub(crate) reason: &'a ExitReason,
    /// Signals that it had not taken in.
    pub(crate) left: &'a [Signal],
    pub(crate) memory_bytes: u64,
}

impl Shared {
    /// Shows and keeps the report of a crash, unless there are too many.
    #[cold]
    pub(crate) fn report_crash(&self, crashed: &Crashed<'_>, remains: Remains) {
        let (now, mut lines) = (self.now(), Vec::new());
        let kind = crashed.kind(&remains);
        let admitted = self.crashes.storms.lock().admit(kind, now, || crashed.in_a_few_words(), &mut lines);
        tell(&lines);
        let (is_shown, unreported) = match admitted {
            storm::Admitted::Shown(unreported) => (true, unreported),
            storm::Admitted::Kept(unreported) => (false, unreported),
            storm::Admitted::Counted => return self.crashes.tell_later(),
        };
        if !is_shown {
            self.crashes.tell_later();
        }
        if is_shown || self.crashes.is_kept() {
            self.report(crashed, remains, is_shown, unreported);
        }
    }

    fn report(&self, crashed: &Crashed<'_>, mut remains: Remains, is_shown: bool, unreported: u64) {
        let coredump = remains.coredump.take();
        let mut report = self.crash_report(crashed, &remains);
        report.unreported_before = unreported;
        if is_shown {
            tracing::error!(target: "flower", "{}", Brief(&report));
        }
        if self.crashes.is_kept() {
            let (dump, missing) = match coredump {
                Some(Ok(dump)) => (Some(dump), None),
                Some(Err(why)) => (None, Some(why)),
                None => (None, self.crashes.wants_coredumps().then(|| "its instance was gone".to_owned())),
            };
            report.coredump_missing = missing;
            self.crashes.keep(report, dump);
        }
    }

    fn crash_report(&self, crashed: &Crashed<'_>, remains: &Remains) -> CrashReport {
        let Crashed { owned, cell, reason, .. } = crashed;
        let meta = &*owned.meta;
        let name = |name: Box<str>| shown(name.as_bytes(), name.len());
        CrashReport {
            version: CrashReport::VERSION,
            host: concat!("flower-host ", env!("CARGO_PKG_VERSION")).to_owned(),
            time_ms: self.outside.realtime_ns() / 1_000_000,
            reason: CrashReason::of(reason),
            pid: pid(meta.id),
            label: shown(meta.label.as_bytes(), meta.label.len()),
            names: self.names.names_of(meta.id).into_iter().map(name).collect(),
            ancestors: meta.ancestors().map(|id| self.ancestor(id)).collect(),
            module: module(meta.module.as_deref()),
            style: style(meta.style).to_owned(),
            lived_us: self.now().saturating_sub(meta.born_ns) / 1000,
            messages_handled: cell.handled.load(Ordering::Relaxed),
            last_message: remains.last_message.as_deref().map(CrashMessage::of),
            mailbox: crashed.mailbox(),
            memory_bytes: crashed.memory_bytes,
            links: CrashPeers::of(owned.links.keys().copied()),
            watchers: CrashPeers::of(owned.watchers.keys().map(|(watcher, _)| *watcher)),
            monitors: CrashPeers::of(owned.references.all().filter_map(monitored)),
            calls: CrashPeers::of(owned.references.all().filter_map(called)),
            backtrace: meta.module.as_deref().map_or_else(Vec::new, |loaded| frames(loaded, &remains.frames)),
            coredump: None,
            coredump_missing: None,
            unreported_before: 0,
        }
    }

    fn ancestor(&self, id: ActorId) -> CrashAncestor {
        let meta = self.table.cell(id.slot).gate.lock().meta.clone();
        let meta = meta.filter(|meta| meta.id == id);
        let label = meta.map(|meta| shown(meta.label.as_bytes(), meta.label.len()));
        CrashAncestor { pid: pid(id), label }
    }
}

impl Crashed<'_> {
    /// What crashes have in common that are shown once.
    fn kind(&self, remains: &Remains) -> storm::Kind {
        let module = self.owned.meta.module.as_ref().map(|loaded| loaded.module.hash());
        let (tag, code, _) = self.reason.wire();
        let what: &[u8] = match self.reason {
            // The place of a panic says more than its words, which may be different each time.
            ExitReason::Panic { location, .. } => location.as_bytes(),
            ExitReason::Error(value) => &value.bytes,
            _ => &[],
        };
        let code = if tag == ExitTag::Panic { 0 } else { code };
        storm::Kind::of((module, tag, code, what, remains.frames.first().map(|frame| frame.index)))
    }

    fn in_a_few_words(&self) -> String {
        let meta = &self.owned.meta;
        let label = shown(meta.label.as_bytes(), meta.label.len());
        let reason = CrashReason::of(self.reason).to_string();
        format!("actor {label} {} ended: {}", pid(meta.id), shown(reason.as_bytes(), REPORT_BODY_BYTES_MAX))
    }

    /// What waited: in the mailbox, and what had not got there.
    fn mailbox(&self) -> CrashMailbox {
        let coming = self.left.iter().filter_map(|signal| match signal {
            Signal::Message(envelope) | Signal::Reply(envelope) | Signal::Timer { envelope, .. } => {
                Some(&**envelope)
            }
            _ => None,
        });
        let all = || self.owned.mailbox.iter().chain(coming.clone());
        CrashMailbox {
            len: all().count() as u64,
            bytes: all().map(Envelope::size).sum(),
            first: all().take(REPORT_MESSAGES_MAX).map(CrashMessage::of).collect(),
        }
    }
}

impl CrashReason {
    fn of(reason: &ExitReason) -> CrashReason {
        use ExitReason::*;
        let (kind, code, message, location) = match reason {
            Panic { message, location } => ("panic", None, shown_text(message), location.as_str()),
            Trap { code, message } => ("trap", name_of(TrapCode::ALL, *code), shown_text(message), ""),
            Limit { code, message } => ("limit", name_of(LimitCode::ALL, *code), shown_text(message), ""),
            Error(value) => ("error", None, shown_value(value), ""),
            OutOfTime => ("out_of_time", None, "it ran longer than it may without waiting".to_owned(), ""),
            HostError { id } => ("host_error", None, format!("{id}; the host's log tells more"), ""),
            other => ("other", None, shown_text(&other.to_string()), ""),
        };
        let location = (!location.is_empty()).then(|| shown(location.as_bytes(), REPORT_TEXT_BYTES_MAX));
        CrashReason { kind: kind.to_owned(), code, message, location }
    }
}

fn shown_text(text: &str) -> String {
    shown_lines(text, REPORT_TEXT_BYTES_MAX)
}

fn shown_value(value: &Value) -> String {
    shown(&value.bytes, REPORT_TEXT_BYTES_MAX)
}

/// The name of a code of the ABI.
fn name_of<C: PartialEq + Copy>(all: &[(C, &str, &str)], code: C) -> Option<String> {
    all.iter().find(|(known, ..)| *known == code).map(|(_, name, _)| name.to_lowercase())
}

impl CrashMessage {
    fn of(envelope: &Envelope) -> CrashMessage {
        let kind = match envelope.kind {
            Kind::Message if envelope.request => "request",
            Kind::Message => "message",
            Kind::Reply => "reply",
            Kind::Down => "down",
            Kind::Exit => "exit",
            Kind::Timer => "timer",
            Kind::Timeout => "timeout",
            Kind::Start => "start",
            Kind::Stop => "stop",
            Kind::Room => "room",
            Kind::Selected => "selected",
            Kind::Socket => "socket",
            Kind::Ready => "ready",
        };
        let codec = match Codec(envelope.codec) {
            Codec::RAW => "raw".to_owned(),
            Codec::JSON => "json".to_owned(),
            Codec::BINARY => "binary".to_owned(),
            Codec(other) => other.to_string(),
        };
        let body = match envelope.reason() {
            Some(reason) => shown(reason.to_string().as_bytes(), REPORT_BODY_BYTES_MAX),
            None => shown(&envelope.body, REPORT_BODY_BYTES_MAX),
        };
        let from = (envelope.sender != ActorId::HOST).then(|| pid(envelope.sender));
        CrashMessage { kind: kind.to_owned(), from, codec, len: envelope.size(), body }
    }
}

impl CrashPeers {
    fn of(ids: impl Iterator<Item = ActorId> + Clone) -> CrashPeers {
        let len = ids.clone().count() as u64;
        let mut first: Vec<ActorId> = ids.take(REPORT_PEERS_MAX).collect();
        first.sort_unstable_by_key(|id| id.serial);
        CrashPeers { len, first: first.into_iter().map(pid).collect() }
    }
}

fn monitored(reference: &Reference) -> Option<ActorId> {
    if let Reference::Monitor { of, .. } = reference { Some(*of) } else { None }
}

fn called(reference: &Reference) -> Option<ActorId> {
    if let Reference::Request { to, .. } = reference { Some(*to) } else { None }
}

/// A pid as pids are shown.
fn pid(id: ActorId) -> String {
    format!("<0.{}>", id.serial)
}

fn module(loaded: Option<&Loaded>) -> CrashModule {
    let name = |name: &str| shown(name.as_bytes(), name.len());
    CrashModule {
        name: loaded.map_or_else(String::new, |loaded| name(loaded.module.name())),
        hash: loaded.map_or_else(String::new, |loaded| loaded.module.hash().to_string()),
    }
}

fn style(style: Style) -> &'static str {
    match style {
        Style::Process => "process",
        Style::Handler => "handler",
    }
}

/// The frames with their names, and with lines where the module has them.
fn frames(loaded: &Loaded, raw: &[Frame]) -> Vec<CrashFrame> {
    let imports = loaded.module.code().imports();
    let imported = imports.filter(|import| import.ty().func().is_some()).count();
    let instruction = |frame: &Frame| {
        ((frame.index as usize).wrapping_sub(imported), frame.offset.unwrap_or(usize::MAX >> 1))
    };
    let places = loaded.module.debug_info().map(|info| info.places(raw.iter().map(instruction)));
    let mut places = places.unwrap_or_default().into_iter();
    raw.iter().flat_map(|frame| frame.resolved(places.next().unwrap_or_default())).collect()
}

impl Frame {
    /// The function and, before it, those that the compiler has put into it.
    fn resolved(&self, places: Vec<super::debug_info::Place>) -> Vec<CrashFrame> {
        let last = places.len().saturating_sub(1);
        let text = |text: String| shown(text.as_bytes(), REPORT_TEXT_BYTES_MAX);
        let inlined = |(at, place): (usize, super::debug_info::Place)| CrashFrame {
            function: place.function.map_or_else(|| self.name(), |name| text(function_name(&name))),
            file: place.file.map(text),
            line: place.line,
            column: place.column,
            inlined: at < last,
            ..self.bare()
        };
        if places.is_empty() {
            vec![self.bare()]
        } else {
            places.into_iter().enumerate().map(inlined).collect()
        }
    }

    fn bare(&self) -> CrashFrame {
        CrashFrame {
            function: self.name(),
            index: self.index,
            offset: self.offset_in_module.map(|offset| offset as u64),
            file: None,
            line: None,
            column: None,
            inlined: false,
        }
    }

    fn name(&self) -> String {
        match &self.name {
            Some(name) => shown(function_name(name).as_bytes(), REPORT_TEXT_BYTES_MAX),
            None => format!("function {}", self.index),
        }
    }
}

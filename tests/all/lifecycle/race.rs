//! What may be seen when everybody acts at once: not one outcome, but what holds of all of them.

use std::collections::{BTreeMap, HashMap};

use super::model::Model;
use crate::puppet::{Cmd, Seen, Slot, Who, Why};

/// The players before a race, what each set out to do, and what each did and saw until all was quiet again.
pub(super) struct Race<'a> {
    pub(super) before: &'a Model,
    pub(super) programs: BTreeMap<Who, Vec<Cmd>>,
    pub(super) seen: HashMap<Who, Vec<Seen>>,
    pub(super) alive: Vec<bool>,
}

type Checked = Result<(), String>;

impl Race<'_> {
    /// Says what could not have been.
    pub(super) fn check(&self) -> Checked {
        let ends = self.ends()?;
        for (who, why) in &ends {
            self.check_cause(*who, *why, &ends)?;
        }
        for (who, program) in &self.programs {
            self.check_doings(*who, program)?;
            self.check_downs(*who, &ends)?;
            self.check_exits(*who, &ends)?;
            self.check_after_removal(*who)?;
            if self.alive[*who] {
                self.check_nothing_missed(*who, &ends)?;
            }
        }
        Ok(())
    }

    fn seen(&self, who: Who) -> &[Seen] {
        self.seen.get(&who).map_or(&[], Vec::as_slice)
    }

    fn program(&self, who: Who) -> &[Cmd] {
        self.programs.get(&who).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody did something, and knows that it did.
    fn did(&self, who: Who, command: Cmd) -> bool {
        self.seen(who).iter().any(|seen| matches!(seen, Seen::Did(did, _) if *did == command))
    }

    /// Whether somebody may have done something: a command that ends its actor has no answer, nor has the one
    /// at which it was ended.
    fn may_have_done(&self, who: Who, command: Cmd) -> bool {
        self.program(who).contains(&command) && (self.did(who, command) || !self.alive[who])
    }

    /// Who ended in the race, as the witness saw it: each once, and nobody who lives.
    fn ends(&self) -> Result<BTreeMap<Who, Why>, String> {
        let mut ends = BTreeMap::new();
        for seen in self.seen(super::WITNESS) {
            let Seen::Down(_, who, why) = *seen else { return Err(format!("the witness saw {seen:?}")) };
            if ends.insert(who, why).is_some() || self.before.end(who).is_some() || self.alive[who] {
                return Err(format!("{who} ended twice, or not at all, of {why:?}"));
            }
        }
        let missing =
            |who: &Who| !self.alive[*who] && self.before.end(*who).is_none() && !ends.contains_key(who);
        match (1..self.before.len()).find(missing) {
            Some(who) => Err(format!("the witness was not told of the end of {who}")),
            None => Ok(ends),
        }
    }

    /// Nobody ends without a reason that somebody gave.
    fn check_cause(&self, who: Who, why: Why, ends: &BTreeMap<Who, Why>) -> Checked {
        let own = |command: &Cmd| match command {
            Cmd::Exit(given) => *given == why,
            Cmd::Return => why == Why::NORMAL,
            Cmd::Trap => why == Why::TRAP,
            Cmd::HostError => why == Why::HOST_ERROR,
            Cmd::Link(other) => why == Why::NO_PROCESS && !self.alive[*other],
            Cmd::ExitSignal(to, given) => *to == who && *given == why,
            Cmd::Kill(to) => *to == who && why == Why::KILLED,
            _ => false,
        };
        let sent = |from: &Who| {
            let signal = Cmd::ExitSignal(who, why);
            (!why.is_normal() && self.may_have_done(*from, signal))
                || (why == Why::KILLED && self.may_have_done(*from, Cmd::Kill(who)))
        };
        let linked =
            |(other, told): (&Who, &Why)| *told == why && !why.is_normal() && self.may_be_linked(who, *other);
        let is_caused =
            self.program(who).iter().any(own) || self.programs.keys().any(sent) || ends.iter().any(linked);
        if is_caused { Ok(()) } else { Err(format!("nobody made {who} end of {why:?}")) }
    }

    fn may_be_linked(&self, one: Who, other: Who) -> bool {
        one != other
            && (self.before.are_linked(one, other)
                || self.may_have_done(one, Cmd::Link(other))
                || self.may_have_done(other, Cmd::Link(one)))
    }

    /// Whoever lives has done all it set out to do, in that order.
    fn check_doings(&self, who: Who, program: &[Cmd]) -> Checked {
        let done: Vec<Cmd> = self
            .seen(who)
            .iter()
            .filter_map(|seen| if let Seen::Did(command, _) = seen { Some(*command) } else { None })
            .collect();
        let fits = if self.alive[who] { done == program } else { program.starts_with(&done) };
        if fits { Ok(()) } else { Err(format!("{who} did {done:?}, and not {program:?}")) }
    }

    /// A monitor tells once, and the reason for which the other ended.
    fn check_downs(&self, who: Who, ends: &BTreeMap<Who, Why>) -> Checked {
        let mut told: Vec<Slot> = Vec::new();
        for seen in self.seen(who) {
            let Seen::Down(slot, of, why) = *seen else { continue };
            let was_open = self.before.monitors(who, of).contains(&slot);
            let made_now = self.program(who).contains(&Cmd::Monitor(of, slot));
            let fits = ends.get(&of) == Some(&why) || (made_now && why == Why::NO_PROCESS && !self.alive[of]);
            if !fits || !(was_open || made_now) || told.contains(&slot) {
                return Err(format!("{who} saw {seen:?}, and {of} ended of {:?}", ends.get(&of)));
            }
            told.push(slot);
        }
        Ok(())
    }

    /// An exit comes of a link, of an attempt to link with the dead, or of a signal, and of each once.
    fn check_exits(&self, who: Who, ends: &BTreeMap<Who, Why>) -> Checked {
        let exits: Vec<(Who, Why)> = self.exits(who).collect();
        for (from, why) in &exits {
            let count = exits.iter().filter(|other| *other == &(*from, *why)).count();
            let signals = usize::from(self.may_have_done(*from, Cmd::ExitSignal(who, *why)));
            let links = usize::from(ends.get(from) == Some(why) && self.may_be_linked(who, *from));
            let attempts = self.program(who).iter().filter(|command| **command == Cmd::Link(*from)).count();
            let attempts = if *why == Why::NO_PROCESS && !self.alive[*from] { attempts } else { 0 };
            if count > signals + links + attempts {
                return Err(format!("{who} saw {count} exits of {from} with {why:?}"));
            }
        }
        Ok(())
    }

    fn exits(&self, who: Who) -> impl Iterator<Item = (Who, Why)> {
        let exit = |seen: &Seen| if let Seen::Exit(from, why) = seen { Some((*from, *why)) } else { None };
        self.seen(who).iter().filter_map(exit)
    }

    /// Nothing comes of a monitor or a link behind the answer to its removal.
    fn check_after_removal(&self, who: Who) -> Checked {
        for (at, seen) in self.seen(who).iter().enumerate() {
            let later = &self.seen(who)[at + 1..];
            let is_late = |late: &Seen| match (seen, late) {
                (Seen::Did(Cmd::Demonitor(removed), _), Seen::Down(slot, ..)) => slot == removed,
                (Seen::Did(Cmd::Unlink(other), _), Seen::Exit(from, why)) => {
                    let is_signal = self.program(*from).contains(&Cmd::ExitSignal(who, *why));
                    let again =
                        later.iter().any(|seen| matches!(seen, Seen::Did(Cmd::Link(to), _) if to == other));
                    from == other && !is_signal && !again && !self.may_have_done(*other, Cmd::Link(who))
                }
                _ => false,
            };
            if let Some(late) = later.iter().find(|late| is_late(late)) {
                return Err(format!("{who} saw {late:?} after {seen:?}"));
            }
        }
        Ok(())
    }

    /// Whoever lives has been told all that it was to be told.
    fn check_nothing_missed(&self, who: Who, ends: &BTreeMap<Who, Why>) -> Checked {
        let removes = |who: Who, other: Who| self.program(who).contains(&Cmd::Unlink(other));
        let has_exit = |from: Who, why: Why| self.exits(who).any(|exit| exit == (from, why));
        for (other, why) in ends {
            let was_linked =
                self.before.are_linked(who, *other) && !removes(who, *other) && !removes(*other, who);
            let traps_all_along =
                self.before.traps(who) && !self.program(who).contains(&Cmd::TrapExit(false));
            if was_linked && (traps_all_along || !why.is_normal()) && !has_exit(*other, *why) {
                return Err(format!("{who} was not told by its link that {other} ended of {why:?}"));
            }
            for slot in self.before.monitors(who, *other) {
                let removed = self.program(who).contains(&Cmd::Demonitor(slot));
                if !removed && !self.seen(who).contains(&Seen::Down(slot, *other, *why)) {
                    return Err(format!(
                        "{who} was not told by monitor {slot} that {other} ended of {why:?}"
                    ));
                }
            }
        }
        for (from, program) in &self.programs {
            for command in program.iter().filter(|command| self.did(*from, **command)) {
                let ignored = match command {
                    Cmd::ExitSignal(to, why) => *to == who && !why.is_normal() && !has_exit(*from, *why),
                    Cmd::Kill(to) => *to == who,
                    _ => false,
                };
                if ignored {
                    return Err(format!("{who} lives in spite of {command:?} by {from}"));
                }
            }
        }
        self.check_new_monitors(who)
    }

    /// A monitor made in the race tells of whoever is dead in the end.
    fn check_new_monitors(&self, who: Who) -> Checked {
        for command in self.program(who) {
            let Cmd::Monitor(of, slot) = *command else { continue };
            let removed = self.program(who).contains(&Cmd::Demonitor(slot));
            let told =
                self.seen(who).iter().any(|seen| matches!(seen, Seen::Down(down, ..) if *down == slot));
            if !self.alive[of] && !removed && !told {
                return Err(format!("{who} was not told by {command:?}"));
            }
        }
        Ok(())
    }
}

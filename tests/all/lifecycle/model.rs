//! What links, monitors, exit signals, names and joins are, in the plainest words: a table of players, of
//! whom one does one thing at a time, until nobody has anything to do any more.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use flower_host::Status;

use crate::puppet::{Cmd, Seen, Slot, Wait, Who, Why};

/// Everybody, and what they have seen since they were asked.
#[derive(Default)]
pub(super) struct Model {
    players: Vec<Player>,
    names: BTreeMap<u8, Who>,
    seen: HashMap<Who, Vec<Seen>>,
    /// Who ends, and why, and has not told yet.
    ending: VecDeque<(Who, Why)>,
}

/// One actor.
#[derive(Default)]
struct Player {
    end: Option<Why>,
    traps: bool,
    links: BTreeSet<Who>,
    /// Open monitors, by the watcher's slot.
    monitors: BTreeMap<Slot, Monitor>,
    /// What held monitors have brought.
    held: BTreeMap<Slot, (Who, Why)>,
    mail: VecDeque<Mail>,
    /// What is left of the message that it acts on.
    left: VecDeque<Cmd>,
    parked: Option<Slot>,
}

#[derive(Clone, Copy)]
struct Monitor {
    of: Who,
    held: bool,
}

#[derive(Clone, PartialEq)]
enum Mail {
    Commands(Vec<Cmd>),
    Stop,
    Down(Slot, Who, Why),
    Exit { from: Who, why: Why, by_link: bool },
}

/// What a command leaves its actor with.
enum Answer {
    Said(Seen),
    Parked(Slot),
    Ended,
}

impl Model {
    /// Another actor.
    pub(super) fn enter(&mut self) -> Who {
        self.players.push(Player::default());
        self.players.len() - 1
    }

    /// How many there have been.
    pub(super) fn len(&self) -> usize {
        self.players.len()
    }

    /// Why somebody has ended.
    pub(super) fn end(&self, who: Who) -> Option<Why> {
        self.players[who].end
    }

    /// Whether it lives and takes messages.
    pub(super) fn is_free(&self, who: Who) -> bool {
        self.players[who].end.is_none() && self.players[who].parked.is_none()
    }

    /// Whether it traps exits.
    pub(super) fn traps(&self, who: Who) -> bool {
        self.players[who].traps
    }

    /// Whether the two are linked.
    pub(super) fn are_linked(&self, one: Who, other: Who) -> bool {
        self.players[one].links.contains(&other)
    }

    /// The open monitors that somebody has on somebody.
    pub(super) fn monitors(&self, who: Who, of: Who) -> Vec<Slot> {
        let monitors = self.players[who].monitors.iter();
        monitors.filter(|(_, monitor)| monitor.of == of && !monitor.held).map(|(slot, _)| *slot).collect()
    }

    /// Lets somebody do some things, and everybody what follows from that; false if it has ended.
    pub(super) fn tell(&mut self, who: Who, commands: &[Cmd]) -> bool {
        if self.players[who].end.is_some() {
            return false;
        }
        self.players[who].mail.push_back(Mail::Commands(commands.to_vec()));
        self.settle();
        true
    }

    /// What each has done and seen since the last time.
    pub(super) fn seen(&mut self) -> HashMap<Who, Vec<Seen>> {
        std::mem::take(&mut self.seen)
    }

    fn settle(&mut self) {
        loop {
            let busy = (0..self.len()).find(|who| self.step(*who));
            self.tell_ends();
            if busy.is_none() {
                return;
            }
        }
    }

    /// Lets somebody do one thing; false if it waits.
    fn step(&mut self, who: Who) -> bool {
        let player = &mut self.players[who];
        if player.end.is_some() {
            return false;
        }
        if let Some(slot) = player.parked {
            let Some((of, why)) = player.held.remove(&slot) else { return false };
            player.parked = None;
            self.see(who, Seen::Joined(slot, of, why));
            return true;
        }
        if let Some(command) = player.left.pop_front() {
            match self.act(who, command) {
                Answer::Said(seen) => self.see(who, seen),
                Answer::Parked(slot) => self.players[who].parked = Some(slot),
                Answer::Ended => {}
            }
            return true;
        }
        match player.mail.pop_front() {
            None => return false,
            Some(Mail::Commands(commands)) => player.left = commands.into(),
            Some(Mail::Stop) => self.ends(who, Why::shutdown(0)),
            Some(Mail::Down(slot, of, why)) => self.see(who, Seen::Down(slot, of, why)),
            Some(Mail::Exit { from, why, .. }) => self.see(who, Seen::Exit(from, why)),
        }
        true
    }

    fn see(&mut self, who: Who, seen: Seen) {
        self.seen.entry(who).or_default().push(seen);
    }

    fn act(&mut self, me: Who, command: Cmd) -> Answer {
        let did = |answer: Status| Answer::Said(Seen::Did(command, answer.0.into()));
        let ok = did(Status::OK);
        match command {
            Cmd::Link(other) => self.link(me, other),
            Cmd::Unlink(other) => self.unlink(me, other),
            Cmd::Monitor(of, slot) => self.monitor(me, slot, Monitor { of, held: false }),
            Cmd::Hold(of, slot) => self.monitor(me, slot, Monitor { of, held: true }),
            Cmd::Demonitor(slot) => {
                let was_open = self.demonitor(me, slot);
                return Answer::Said(Seen::Did(command, was_open.into()));
            }
            Cmd::Join(slot, wait) => return self.join(me, slot, wait),
            Cmd::ExitSignal(to, why) => {
                self.exit_signal(me, to, why, false);
                if self.is_ending(me) {
                    return Answer::Ended;
                }
            }
            Cmd::Kill(who) => {
                self.ends(who, Why::KILLED);
                if who == me {
                    return Answer::Ended;
                }
            }
            Cmd::Stop(who) if self.players[who].end.is_some() => return did(Status::NO_ACTOR),
            Cmd::Stop(who) => self.players[who].mail.push_back(Mail::Stop),
            Cmd::TrapExit(on) => {
                let before = std::mem::replace(&mut self.players[me].traps, on);
                return Answer::Said(Seen::Did(command, before.into()));
            }
            Cmd::Exit(why) => return self.leave(me, why),
            Cmd::Return => return self.leave(me, Why::NORMAL),
            Cmd::Trap => return self.leave(me, Why::TRAP),
            Cmd::HostError => return self.leave(me, Why::HOST_ERROR),
            Cmd::Spawn(birth) => {
                if birth.name.is_some_and(|name| self.names.contains_key(&name)) {
                    return did(Status::NAME_TAKEN);
                }
                let child = self.enter();
                birth.name.map(|name| self.names.insert(name, child));
                if birth.link {
                    self.link(me, child);
                }
                if let Some(slot) = birth.monitor {
                    self.monitor(me, slot, Monitor { of: child, held: false });
                }
                return Answer::Said(Seen::Got(command, child));
            }
            Cmd::Register(who, _) if self.players[who].end.is_some() => return did(Status::NO_ACTOR),
            Cmd::Register(who, name) => {
                let holder = *self.names.entry(name).or_insert(who);
                return did(if holder == who { Status::OK } else { Status::NAME_TAKEN });
            }
            Cmd::Unregister(name) if self.names.remove(&name).is_none() => return did(Status::NO_NAME),
            Cmd::Unregister(_) => {}
            Cmd::WhereIs(name) => {
                let holder = self.names.get(&name);
                return holder.map_or(did(Status::NO_NAME), |who| Answer::Said(Seen::Got(command, *who)));
            }
            Cmd::Loop | Cmd::Restrict(..) | Cmd::AwaitMail(_) | Cmd::AwaitEnd(_) => {
                unreachable!("{command:?} is in no history")
            }
        }
        ok
    }

    /// A link has two sides; with the dead it is an exit signal.
    fn link(&mut self, me: Who, other: Who) {
        if me == other {
            return;
        }
        self.players[me].links.insert(other);
        match self.players[other].end {
            Some(_) => self.exit_signal(other, me, Why::NO_PROCESS, true),
            None => _ = self.players[other].links.insert(me),
        }
    }

    /// Takes back the link, and what it has brought.
    fn unlink(&mut self, me: Who, other: Who) {
        self.players[me].links.remove(&other);
        self.players[other].links.remove(&me);
        let of_link = |mail: &Mail| matches!(mail, Mail::Exit { from, by_link: true, .. } if *from == other);
        self.players[me].mail.retain(|mail| !of_link(mail));
    }

    fn monitor(&mut self, me: Who, slot: Slot, monitor: Monitor) {
        self.players[me].monitors.insert(slot, monitor);
        if self.players[monitor.of].end.is_some() {
            self.down(me, slot, Why::NO_PROCESS);
        }
    }

    /// The news of a monitor, once.
    fn down(&mut self, watcher: Who, slot: Slot, why: Why) {
        let watcher = &mut self.players[watcher];
        match watcher.monitors.remove(&slot) {
            Some(Monitor { of, held: true }) => _ = watcher.held.insert(slot, (of, why)),
            Some(Monitor { of, held: false }) => watcher.mail.push_back(Mail::Down(slot, of, why)),
            None => {}
        }
    }

    /// Takes back the monitor, or what it has brought.
    fn demonitor(&mut self, me: Who, slot: Slot) -> bool {
        let me = &mut self.players[me];
        me.held.remove(&slot);
        me.mail.retain(|mail| !matches!(mail, Mail::Down(of, ..) if *of == slot));
        me.monitors.remove(&slot).is_some()
    }

    fn join(&mut self, me: Who, slot: Slot, wait: Wait) -> Answer {
        let did = |answer: Status| Answer::Said(Seen::Did(Cmd::Join(slot, wait), answer.0.into()));
        let player = &mut self.players[me];
        if let Some((of, why)) = player.held.remove(&slot) {
            return Answer::Said(Seen::Joined(slot, of, why));
        }
        match (player.monitors.get(&slot).is_some_and(|monitor| monitor.held), wait) {
            (false, _) => did(Status::NO_REFERENCE),
            (true, Wait::Look) => did(Status::TIMED_OUT),
            (true, Wait::Park) => Answer::Parked(slot),
        }
    }

    /// As the Erlang reference manual has it, "Receiving Exit Signals".
    fn exit_signal(&mut self, from: Who, to: Who, why: Why, by_link: bool) {
        let player = &mut self.players[to];
        let is_active = !by_link || player.links.remove(&from);
        if player.end.is_some() || !is_active {
            return;
        }
        if player.traps {
            player.mail.push_back(Mail::Exit { from, why, by_link });
        } else if !why.is_normal() || from == to {
            self.ends(to, why);
        }
    }

    fn leave(&mut self, me: Who, why: Why) -> Answer {
        self.ends(me, why);
        Answer::Ended
    }

    fn is_ending(&self, who: Who) -> bool {
        self.ending.iter().any(|(other, _)| *other == who)
    }

    /// The first reason stays.
    fn ends(&mut self, who: Who, why: Why) {
        if self.players[who].end.is_none() && !self.is_ending(who) {
            self.ending.push_back((who, why));
        }
    }

    /// Names first, then links, then monitors.
    fn tell_ends(&mut self) {
        while let Some((who, why)) = self.ending.pop_front() {
            let player = Player { end: Some(why), ..Player::default() };
            let gone = std::mem::replace(&mut self.players[who], player);
            self.names.retain(|_, holder| *holder != who);
            for link in gone.links {
                self.exit_signal(who, link, why, true);
            }
            for watcher in 0..self.len() {
                let monitors = self.players[watcher].monitors.iter();
                let told: Vec<Slot> =
                    monitors.filter(|(_, monitor)| monitor.of == who).map(|(slot, _)| *slot).collect();
                told.into_iter().for_each(|slot| self.down(watcher, slot, why));
            }
        }
    }
}

//! Random histories of links, monitors, exits, names and joins, on the host and on a model of them: both must
//! have seen the same.
//!
//! In a history somebody does one thing, and all the others react until nobody has anything to do any more;
//! then what each has seen is compared, exactly. What comes from one actor is in its order; between different
//! ones there is none. Of whoever ends in a step nobody knows how much it saw before. The last step may be
//! a race, in which everybody does several things at once; what is seen then must be one of what may be.
//!
//! The same histories run in deterministic mode, where the seed chooses the order of actors, and on
//! threads. `cargo xtask histories` runs many; a test runs some.

mod model;
mod race;

use std::collections::{BTreeMap, HashMap};

use flower_abi::ExitTag;
use flower_host::{HostBuilder, Style};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::puppet::{Birth, Cmd, Seen, Slot, Stage, Wait, Who, Why};
use crate::support::Watchdog;
use crate::wat::{deterministic, threads};
use model::Model;
use race::Race;

/// The variable that says how many histories are run in each mode.
const COUNT: &str = "FLOWER_HISTORIES";

/// Histories in each mode without it.
const COUNT_DEFAULT: u32 = 600;

/// Histories that share a host.
const PER_HOST: u32 = 200;

/// Who is there at first, the witness not counted.
const PLAYERS: usize = 4;

/// One step of a history. Players, slots and names are numbers of which the remainder counts, so that a history
/// with parts left out is still one.
#[derive(Clone, Debug)]
enum Step {
    /// Another player comes.
    Enter(Style),
    /// Somebody does something.
    Tell(Who, Cmd),
    /// Somebody waits for the end of another, and then removes its links, or monitors, or nothing.
    Await { who: Who, of: Who, unlink: bool, demonitor: bool },
    /// Everybody does some things, all at once.
    Race(Vec<Vec<Cmd>>),
}

fn why() -> impl Strategy<Value = Why> {
    let tag = prop_oneof![Just(ExitTag::Normal), Just(ExitTag::Shutdown), Just(ExitTag::Error)];
    tag.prop_map(|tag| Why(tag, 0))
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![Just(Style::Process), Just(Style::Handler)]
}

/// What is done in races too.
fn common() -> impl Strategy<Value = Cmd> {
    let who = || 0..100_usize;
    prop_oneof![
        8 => who().prop_map(Cmd::Link),
        4 => who().prop_map(Cmd::Unlink),
        6 => who().prop_map(|who| Cmd::Monitor(who, 0)),
        3 => (0..100_u32).prop_map(Cmd::Demonitor),
        3 => (who(), why()).prop_map(|(who, why)| Cmd::ExitSignal(who, why)),
        1 => who().prop_map(Cmd::Kill),
        5 => any::<bool>().prop_map(Cmd::TrapExit),
        1 => why().prop_map(Cmd::Exit),
        1 => Just(Cmd::Return),
        1 => Just(Cmd::Trap),
        1 => Just(Cmd::HostError),
    ]
}

fn command() -> impl Strategy<Value = Cmd> {
    let name = || 0..3_u8;
    let birth = (style(), any::<bool>(), any::<bool>(), proptest::option::weighted(0.3, name()));
    prop_oneof![
        30 => common(),
        1 => (0..100_usize).prop_map(Cmd::Stop),
        2 => (0..100_usize).prop_map(|who| Cmd::Hold(who, 0)),
        2 => (0..100_u32).prop_map(|slot| Cmd::Join(slot, Wait::Look)),
        3 => birth.prop_map(|(style, link, monitor, name)| Cmd::Spawn(Birth {
            link,
            monitor: monitor.then_some(0),
            name,
            ..Birth::of(style)
        })),
        2 => (0..100_usize, name()).prop_map(|(who, name)| Cmd::Register(who, name)),
        1 => name().prop_map(Cmd::Unregister),
        2 => name().prop_map(Cmd::WhereIs),
    ]
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => (0..100_usize, command()).prop_map(|(who, command)| Step::Tell(who, command)),
        1 => style().prop_map(Step::Enter),
        2 => (0..100_usize, 0..100_usize, any::<bool>(), any::<bool>())
            .prop_map(|(who, of, unlink, demonitor)| Step::Await { who, of, unlink, demonitor }),
    ];
    let race = proptest::option::weighted(0.4, vec(vec(common(), 0..6), 2..5).prop_map(Step::Race));
    (vec(step, 1..24), race).prop_map(|(steps, race)| steps.into_iter().chain(race).collect())
}

/// The number of histories, split over hosts.
fn hosts() -> u32 {
    let count = std::env::var(COUNT).ok().map(|count| count.parse().expect("FLOWER_HISTORIES is a number"));
    count.unwrap_or(COUNT_DEFAULT).div_ceil(PER_HOST)
}

/// Runs the histories of one mode.
fn compare_all(builder: impl Fn(u64) -> HostBuilder) {
    let hosts = hosts();
    for number in 0..hosts {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let _inside = runtime.enter();
        let stage = std::cell::RefCell::new(Stage::new(builder(number.into())));
        let config = Config { cases: PER_HOST, failure_persistence: None, ..Config::default() };
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&number.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let outcome = TestRunner::new_with_rng(config, rng).run(&history(), |steps| {
            let _watchdog = Watchdog::start();
            runtime.block_on(compare(&mut stage.borrow_mut(), &steps))
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(reason, steps)) => panic!("on host {number}: {reason}\n{steps:#?}"),
            Err(aborted) => panic!("{aborted}"),
        }
        println!("{} of {} histories", (number + 1) * PER_HOST, hosts * PER_HOST);
    }
}

#[test]
fn the_host_does_what_the_model_does_in_every_order() {
    compare_all(deterministic);
}

#[test]
fn the_host_does_what_the_model_does_on_threads() {
    compare_all(|_| threads());
}

/// One history on both.
async fn compare(stage: &mut Stage, steps: &[Step]) -> Result<(), TestCaseError> {
    stage.clear().await;
    let mut play = Play::new(stage);
    for style in [Style::Process, Style::Handler].into_iter().cycle().take(PLAYERS) {
        play.enter(style);
    }
    play.check().await?;
    for step in steps {
        match step {
            Step::Enter(style) => play.enter(*style),
            Step::Tell(who, command) => play.tell(*who, *command),
            Step::Await { who, of, unlink, demonitor } => play.wait(*who, *of, *unlink, *demonitor),
            Step::Race(commands) => return play.race(commands).await,
        }
        play.check().await?;
    }
    play.check_ends().await
}

/// A history on its way.
struct Play<'a> {
    stage: &'a mut Stage,
    model: Model,
    styles: Vec<Style>,
    /// How many the witness watches.
    watched: usize,
    /// The last slot of each player, and the last number that was given to a reason.
    slots: HashMap<Who, Slot>,
    number: u64,
}

/// Watches everybody, and is left alone.
const WITNESS: Who = 0;

impl<'a> Play<'a> {
    fn new(stage: &'a mut Stage) -> Play<'a> {
        let (slots, styles) = Default::default();
        let mut play = Play { stage, model: Model::default(), styles, watched: 1, slots, number: 0 };
        play.enter(Style::Process);
        play
    }

    fn enter(&mut self, style: Style) {
        assert_eq!(self.stage.enter(style), self.model.enter());
        self.styles.push(style);
    }

    /// Somebody but the witness.
    fn player(&self, number: usize) -> Who {
        1 + number % (self.model.len() - 1)
    }

    /// Somebody who can be told something.
    fn free(&self, number: usize) -> Option<Who> {
        let free: Vec<Who> = (1..self.model.len()).filter(|who| self.model.is_free(*who)).collect();
        free.get(number % free.len().max(1)).copied()
    }

    /// A slot that was not used before.
    fn new_slot(&mut self, who: Who) -> Slot {
        let last = self.slots.entry(who).or_default();
        *last += 1;
        *last
    }

    /// The command with everything in it that was left open; `None` if this player cannot do it.
    fn resolve(&mut self, me: Who, command: Cmd) -> Option<Cmd> {
        let is_process = self.styles[me] == Style::Process;
        let slots = self.slots.get(&me).copied().unwrap_or(0);
        let known = |slot: Slot| 1 + slot % slots.max(1);
        self.number += 1;
        let why = |why: Why| Why(why.0, self.number);
        Some(match command {
            Cmd::Link(who) => Cmd::Link(self.player(who)),
            Cmd::Unlink(who) => Cmd::Unlink(self.player(who)),
            Cmd::Monitor(who, _) => Cmd::Monitor(self.player(who), self.new_slot(me)),
            Cmd::Hold(who, _) if is_process => Cmd::Hold(self.player(who), self.new_slot(me)),
            Cmd::Demonitor(slot) if slots > 0 => Cmd::Demonitor(known(slot)),
            Cmd::Join(slot, wait) if is_process && slots > 0 => Cmd::Join(known(slot), wait),
            Cmd::Hold(..) | Cmd::Demonitor(_) | Cmd::Join(..) => return None,
            Cmd::ExitSignal(who, reason) => Cmd::ExitSignal(self.player(who), why(reason)),
            Cmd::Kill(who) => Cmd::Kill(self.player(who)),
            // One that is parked would stop in the middle of what else it is woken for.
            Cmd::Stop(who) => {
                let who = self.player(who);
                let is_parked = self.model.end(who).is_none() && !self.model.is_free(who);
                return (!is_parked).then_some(Cmd::Stop(who));
            }
            Cmd::Exit(reason) => Cmd::Exit(why(reason)),
            Cmd::Register(who, name) => Cmd::Register(self.player(who), b'a' + name),
            Cmd::Unregister(name) => Cmd::Unregister(b'a' + name),
            Cmd::WhereIs(name) => Cmd::WhereIs(b'a' + name),
            Cmd::Spawn(birth) => {
                let monitor = birth.monitor.map(|_| self.new_slot(me));
                Cmd::Spawn(Birth { monitor, name: birth.name.map(|name| b'a' + name), ..birth })
            }
            other => other,
        })
    }

    fn tell(&mut self, who: usize, command: Cmd) {
        let Some(me) = self.free(who) else { return };
        let Some(command) = self.resolve(me, command) else { return };
        self.tell_both(me, &[command]);
        if let (Cmd::Spawn(birth), true) = (command, self.model.len() > self.styles.len()) {
            self.styles.push(birth.style);
        }
    }

    fn tell_both(&mut self, who: Who, commands: &[Cmd]) {
        assert_eq!(self.stage.tell(who, commands), self.model.tell(who, commands));
    }

    /// When the other ends, its links are told before its monitors, and those in the order in which they were made:
    /// what is removed then has come.
    fn wait(&mut self, who: usize, of: usize, unlink: bool, demonitor: bool) {
        let Some(me) = self.free(who).filter(|me| self.styles[*me] == Style::Process) else { return };
        let of = self.player(of);
        let slot = self.new_slot(me);
        let mut commands = vec![Cmd::Hold(of, slot), Cmd::Join(slot, Wait::Park)];
        commands.extend(unlink.then_some(Cmd::Unlink(of)));
        let open = if demonitor { self.model.monitors(me, of) } else { Vec::new() };
        commands.extend(open.into_iter().map(Cmd::Demonitor));
        self.tell_both(me, &commands);
    }

    /// Compares what everybody has seen in this step.
    async fn check(&mut self) -> Result<(), TestCaseError> {
        let (mut seen, mut expected) = (self.stage.settle().await, self.model.seen());
        let living = self.stage.living();
        for who in 0..self.model.len() {
            let (seen, expected) = (seen.remove(&who).unwrap_or_default(), expected.remove(&who));
            let expected = expected.unwrap_or_default();
            let ended = self.model.end(who).is_some();
            let fits = match ended {
                true => seen.iter().all(|seen| self.may_be_seen(seen)),
                false => by_source(&seen) == by_source(&expected),
            };
            proptest::prop_assert!(fits, "{} saw {:?}, and not {:?}", who, seen, expected);
            proptest::prop_assert_eq!(living.contains(&who), !ended, "whether {} lives", who);
        }
        self.watch_new_ones().await;
        Ok(())
    }

    /// Whether somebody who ends in this step may have seen it before.
    fn may_be_seen(&self, seen: &Seen) -> bool {
        match *seen {
            Seen::Down(_, who, why) | Seen::Exit(who, why) | Seen::Joined(_, who, why) => {
                self.model.end(who) == Some(why)
            }
            Seen::Did(..) | Seen::Got(..) | Seen::Other(_) => true,
        }
    }

    /// The witness monitors whoever has come.
    async fn watch_new_ones(&mut self) {
        let new: Vec<Cmd> =
            (self.watched..self.model.len()).map(|who| Cmd::Monitor(who, who as Slot)).collect();
        if new.is_empty() {
            return;
        }
        self.watched = self.model.len();
        self.tell_both(WITNESS, &new);
        self.stage.settle().await;
        self.model.seen();
    }

    /// Compares what whoever joined the first players from outside was told.
    async fn check_ends(&mut self) -> Result<(), TestCaseError> {
        for who in 0..self.model.len() {
            let Some(expected) = self.model.end(who) else { continue };
            if let Some(why) = self.stage.joined(who).await {
                proptest::prop_assert_eq!(why, expected, "why {} ended", who);
            }
        }
        Ok(())
    }

    async fn race(&mut self, commands: &[Vec<Cmd>]) -> Result<(), TestCaseError> {
        let mut programs = BTreeMap::new();
        for (number, commands) in commands.iter().enumerate() {
            let Some(me) = self.free(number).filter(|me| !programs.contains_key(me)) else { continue };
            let commands: Vec<Cmd> =
                commands.iter().filter_map(|command| self.resolve(me, *command)).collect();
            programs.insert(me, commands);
        }
        for who in (1..self.model.len()).filter(|who| self.model.is_free(*who)) {
            programs.entry(who).or_default();
        }
        for (who, commands) in &programs {
            self.stage.tell(*who, commands);
        }
        let seen = self.stage.settle().await;
        let living = self.stage.living();
        let alive = (0..self.model.len()).map(|who| living.contains(&who)).collect();
        Race { before: &self.model, programs, seen, alive }.check().map_err(TestCaseError::fail)
    }
}

/// What one has seen, by who it came from; its own doings are its own.
fn by_source(seen: &[Seen]) -> BTreeMap<Option<Who>, Vec<Seen>> {
    let mut sources: BTreeMap<Option<Who>, Vec<Seen>> = BTreeMap::new();
    for seen in seen {
        sources.entry(source(seen)).or_default().push(*seen);
    }
    sources
}

fn source(seen: &Seen) -> Option<Who> {
    match seen {
        Seen::Down(_, who, _) | Seen::Exit(who, _) => Some(*who),
        Seen::Did(..) | Seen::Got(..) | Seen::Joined(..) | Seen::Other(_) => None,
    }
}

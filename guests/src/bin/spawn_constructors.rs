//! Constructors run once per instance: for `main`, for a spawned function, an entry and a handler.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use flower::{Event, Flow, Handler, Spawn, call, spawn_handler, spawn_join};
use flower_guests::PATIENCE;

static RUNS: AtomicU32 = AtomicU32::new(0);

extern "C" fn construct() {
    RUNS.fetch_add(1, Relaxed);
}

#[used]
// SAFETY: the section takes pointers to functions without parameters, which the linker calls.
#[cfg_attr(target_family = "wasm", unsafe(link_section = ".init_array"))]
static CONSTRUCTOR: extern "C" fn() = construct;

fn runs((): ()) -> u32 {
    RUNS.load(Relaxed)
}

#[flower::entry]
fn exported_runs() -> u32 {
    runs(())
}

struct Runs;

impl Handler for Runs {
    type Args = ();

    fn start((): ()) -> Runs {
        assert_eq!(runs(()), 1);
        Runs
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { return Flow::Continue };
        message.reply().expect("a request").send(&runs(())).expect("somebody waits");
        Flow::Continue
    }
}

flower::handler!(Runs);

fn main() {
    assert_eq!(runs(()), 1);
    assert_eq!(spawn_join(runs, ()).join(), Ok(1));
    let exported = Spawn::entry("exported_runs", ()).returning::<u32>().spawn_join().expect("it is exported");
    assert_eq!(exported.join(), Ok(1));
    let handler = spawn_handler::<Runs>(());
    assert_eq!(call(handler, &(), PATIENCE), Ok(1_u32));
    assert_eq!(call(handler, &(), PATIENCE), Ok(1_u32));
}

//! What can be seen of a crash only while its instance is there: the frames, the message at hand, the
//! memory.

use wasmtime::{FrameInfo, Store, WasmBacktrace, WasmCoreDump};

use crate::instance::ActorState;
use crate::limits::COREDUMP_BYTES_MAX;
use crate::signal::Envelope;

/// What an actor that crashed left, for its report.
#[derive(Default)]
pub(crate) struct Remains {
    pub(super) frames: Vec<Frame>,
    pub(super) last_message: Option<Box<Envelope>>,
    /// The dump of its instance, or why there is none; `None` when nobody asked for one.
    pub(super) coredump: Option<Result<Vec<u8>, String>>,
}

/// A function on the stack, before anything is looked up.
pub(super) struct Frame {
    pub(super) index: u32,
    pub(super) name: Option<String>,
    /// From the beginning of the function's body.
    pub(super) offset: Option<usize>,
    pub(super) offset_in_module: Option<usize>,
}

impl Remains {
    /// Reads what an error and the instance that it came out of have to tell.
    #[cold]
    pub(crate) fn of(error: &wasmtime::Error, store: &mut Store<ActorState>) -> Box<Remains> {
        let trace = error.downcast_ref::<WasmBacktrace>();
        let frames = trace.map_or_else(Vec::new, |trace| trace.frames().iter().map(Frame::new).collect());
        let coredump = coredump(error, store);
        let last_message = store.data_mut().current.take();
        Box::new(Remains { frames, last_message, coredump })
    }
}

impl Frame {
    fn new(frame: &FrameInfo) -> Frame {
        Frame {
            index: frame.func_index(),
            name: frame.func_name().map(str::to_owned),
            offset: frame.func_offset(),
            offset_in_module: frame.module_offset(),
        }
    }
}

fn coredump(error: &wasmtime::Error, store: &mut Store<ActorState>) -> Option<Result<Vec<u8>, String>> {
    let state = store.data();
    let crashes = &state.shared.crashes;
    if !crashes.wants_coredumps() {
        return None;
    }
    let Some(dump) = error.downcast_ref::<WasmCoreDump>() else {
        return Some(Err("it ended outside its code".to_owned()));
    };
    let memory_bytes = state.memory.map_or(0, |memory| memory.data_size(&*store));
    if memory_bytes > COREDUMP_BYTES_MAX {
        let text = format!("its memory has {memory_bytes} bytes; at most {COREDUMP_BYTES_MAX} are dumped");
        return Some(Err(text));
    }
    if !crashes.admits_coredump(state.shared.now()) {
        return Some(Err("too many actors crashed at once".to_owned()));
    }
    let name = state.module.module.name().to_owned();
    Some(Ok(dump.serialize(store, &name)))
}

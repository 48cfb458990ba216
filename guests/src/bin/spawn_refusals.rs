//! A spawn that cannot be is refused with its cause, and leaves nothing behind.

use flower::{MonitorRef, Raw, Spawn, SpawnError};

/// One byte more than a message may have.
const TOO_LARGE: usize = (16 << 20) + 1;

fn main() {
    let args = Raw(vec![0; TOO_LARGE]);
    assert_eq!(Spawn::new(|_: Raw| (), args).spawn_monitor(), Err(SpawnError::TooLarge));
    assert_eq!(entry(""), Err(SpawnError::Invalid));
    assert_eq!(entry("not_exported"), Err(SpawnError::NoEntry));
    assert_eq!(entry("memory"), Err(SpawnError::NoEntry), "an export, but no entry");
    for rule in ["", "host:port", "*\0dir=/", "127.1"] {
        assert_eq!(Spawn::new(|| (), ()).allow_net(rule).spawn().expect_err(rule), SpawnError::Invalid);
    }
    assert_eq!(MonitorRef::all(), [], "what was refused is not monitored");
}

fn entry(name: &str) -> Result<(flower::Pid, MonitorRef), SpawnError> {
    Spawn::entry(name, ()).spawn_monitor()
}

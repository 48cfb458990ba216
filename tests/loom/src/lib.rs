//! The cores of the scheduler in every order of their threads: `cargo xtask loom`. The models stand in
//! `tests/loom/`; without the feature `loom` there is nothing here, so that ordinary builds do not pay.

//! The integration tests stand in `all/`.

//! Routers and the registry: P4, P13, P14; who gets a message, and who of a type is found and stopped.

use crate::support::guest_tests;

guest_tests! {
    registry_types,
    router_strategies,
}

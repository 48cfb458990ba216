//! Clocks: what they say, and what they answer to nonsense.

use super::*;

#[test]
fn clocks_show_the_actors_time() {
    let mut guest = Guest::process(&Arc::default());
    let realtime = 1_000_000_000_000 + 1000;
    for (clock, expected) in [(0, realtime), (1, 1000), (2, 1000), (3, 1000)] {
        guest.ok("clock_time_get", &[clock, 0, OUT.into()]);
        assert_eq!(guest.get_u64(OUT), expected, "clock {clock}");
        guest.ok("clock_res_get", &[clock, OUT.into()]);
        assert_eq!(guest.get_u64(OUT), 1);
    }
}

#[test]
fn there_are_four_clocks() {
    let mut guest = Guest::handler(&Arc::default());
    guest.fails(Errno::Inval, "clock_time_get", &[4, 0, OUT.into()]);
    guest.fails(Errno::Inval, "clock_res_get", &[u32::MAX.into(), OUT.into()]);
}

//! Wakers for futures of the outside (files, the network) that an actor waits for.
//!
//! Polling an actor must cost no reference count, so a run uses [`with_waker`], whose waker borrows the
//! actor's place; a future that keeps a clone gets one that owns it. Whoever is woken late, after the
//! actor has ended, wakes nobody or the slot's next tenant, whom a needless look does not harm.

use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable, Wake, Waker};

use crate::shared::Shared;

/// A place in a host's table.
struct Place {
    shared: Arc<Shared>,
    slot: u32,
}

impl Wake for Place {
    fn wake(self: Arc<Self>) {
        self.shared.wake(self.slot);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.shared.wake(self.slot);
    }
}

/// The same for as long as a run takes.
struct Borrowed<'a> {
    shared: &'a Arc<Shared>,
    slot: u32,
}

/// Runs `f` with a waker for the actor in this slot.
pub(crate) fn with_waker<R>(shared: &Arc<Shared>, slot: u32, f: impl FnOnce(&Waker) -> R) -> R {
    let place = Borrowed { shared, slot };
    let raw = RawWaker::new((&raw const place).cast(), &BORROWED);
    // SAFETY: the functions of `BORROWED` take a pointer to a `Borrowed`, which `place` is; it
    // outlives the waker, since `f` sees that by reference only, and a clone owns a `Place` of its own.
    let waker = unsafe { Waker::from_raw(raw) };
    f(&waker)
}

static BORROWED: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

/// Makes an owning waker out of a borrowed one.
unsafe fn clone(place: *const ()) -> RawWaker {
    // SAFETY: `with_waker` alone makes wakers with this table, and `place` lives as long as they do.
    let place = unsafe { &*place.cast::<Borrowed<'_>>() };
    let owning = Arc::new(Place { shared: place.shared.clone(), slot: place.slot });
    let waker = std::mem::ManuallyDrop::new(Waker::from(owning));
    RawWaker::new(waker.data(), waker.vtable())
}

/// Wakes by a borrowed waker, which has nothing to drop.
unsafe fn wake(place: *const ()) {
    // SAFETY: as in `clone`.
    let place = unsafe { &*place.cast::<Borrowed<'_>>() };
    place.shared.wake(place.slot);
}

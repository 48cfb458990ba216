//! A queue from which anything can be taken out by its ticket, at the cost of taking out the first.

/// Items in order, each found by its ticket.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    places: Vec<Place<T>>,
    /// The first place that is free; the others follow by `next`.
    free: u32,
    first: u32,
    last: u32,
    len: u32,
    tickets: u32,
}

/// Names one item, and never another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket {
    place: u32,
    number: u32,
}

#[derive(Debug)]
struct Place<T> {
    item: Option<T>,
    number: u32,
    next: u32,
    previous: u32,
}

/// No place.
const NOWHERE: u32 = u32::MAX;

/// Places that a queue keeps when it is empty.
const KEEP: usize = 16;

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue { places: Vec::new(), free: NOWHERE, first: NOWHERE, last: NOWHERE, len: 0, tickets: 0 }
    }
}

impl<T> Queue<T> {
    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts an item behind all others.
    pub(crate) fn push(&mut self, item: T) -> Ticket {
        self.tickets = self.tickets.wrapping_add(1);
        let number = self.tickets;
        let new = Place { item: Some(item), number, next: NOWHERE, previous: self.last };
        let place = self.free;
        let place = if place == NOWHERE {
            self.places.push(new);
            self.places.len() as u32 - 1
        } else {
            self.free = self.places[place as usize].next;
            self.places[place as usize] = new;
            place
        };
        match self.last {
            NOWHERE => self.first = place,
            last => self.places[last as usize].next = place,
        }
        self.last = place;
        self.len += 1;
        Ticket { place, number }
    }

    /// The first item.
    pub(crate) fn front(&self) -> Option<&T> {
        self.places.get(self.first as usize)?.item.as_ref()
    }

    /// Takes the first item.
    pub(crate) fn pop(&mut self) -> Option<T> {
        if self.is_empty() { None } else { self.take(self.first) }
    }

    /// Takes the item of this ticket, if it is still there.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<T> {
        let place = self.places.get(ticket.place as usize)?;
        let is_there = place.number == ticket.number && place.item.is_some();
        if is_there { self.take(ticket.place) } else { None }
    }

    /// The items in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let at = |place: u32| self.places.get(place as usize);
        std::iter::successors(at(self.first), move |place| at(place.next))
            .filter_map(|place| place.item.as_ref())
    }

    fn take(&mut self, at: u32) -> Option<T> {
        let place = &mut self.places[at as usize];
        let (item, next, previous) = (place.item.take(), place.next, place.previous);
        place.next = self.free;
        self.free = at;
        match previous {
            NOWHERE => self.first = next,
            previous => self.places[previous as usize].next = next,
        }
        match next {
            NOWHERE => self.last = previous,
            next => self.places[next as usize].previous = previous,
        }
        self.len -= 1;
        if self.is_empty() && self.places.len() > KEEP {
            (self.places, self.free) = (Vec::new(), NOWHERE);
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use rand_chacha::ChaCha8Rng;
    use rand_core::{RngCore, SeedableRng};

    use super::*;

    #[test]
    fn it_is_a_list_from_which_anything_can_be_taken() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let (mut queue, mut model) = (Queue::default(), VecDeque::new());
        let mut old = Vec::new();
        for number in 0..20_000_u64 {
            match random.next_u64() % 8 {
                0..4 => model.push_back((queue.push(number), number)),
                4..6 => assert_eq!(queue.pop(), model.pop_front().map(|(_, item)| item)),
                6 if !model.is_empty() => {
                    let at = (random.next_u64() % model.len() as u64) as usize;
                    let (ticket, item) = model.remove(at).expect("it is there");
                    assert_eq!(queue.remove(ticket), Some(item));
                    old.push(ticket);
                }
                _ => {
                    let gone = old.get((random.next_u64() % 1000) as usize);
                    assert_eq!(gone.and_then(|ticket| queue.remove(*ticket)), None, "a ticket is good once");
                }
            }
            if number % 3000 == 0 {
                model.drain(..).for_each(|(ticket, item)| assert_eq!(queue.remove(ticket), Some(item)));
            }
            assert_eq!((queue.len(), queue.front()), (model.len(), model.front().map(|(_, item)| item)));
            assert!(number % 500 > 0 || queue.iter().eq(model.iter().map(|(_, item)| item)));
        }
    }

    #[test]
    fn a_burst_leaves_no_room_behind() {
        let mut queue = Queue::default();
        let tickets: Vec<Ticket> = (0..1000).map(|number| queue.push(number)).collect();
        tickets.iter().rev().for_each(|ticket| assert!(queue.remove(*ticket).is_some()));
        assert_eq!(queue.places.capacity(), 0);
    }
}

//! The connections that are open.

use super::connection::Connection;

/// Which connection. A place is used again; the serial tells who had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    slot: usize,
    serial: u64,
}

/// The connections that are open.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    slots: Vec<(u64, Option<Box<Connection>>)>,
    free: Vec<usize>,
    serial: u64,
}

impl Slab {
    pub(crate) fn insert(&mut self, connection: Connection) -> Key {
        self.serial += 1;
        let held = (self.serial, Some(Box::new(connection)));
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push((0, None));
                self.slots.len() - 1
            }
        };
        if let Some(place) = self.slots.get_mut(slot) {
            *place = held;
        }
        Key { slot, serial: self.serial }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Connection> {
        let (serial, held) = self.slots.get(key.slot)?;
        held.as_deref().filter(|_| *serial == key.serial)
    }

    /// Takes a connection out to work with it; `put` brings it back, `forget` does not.
    pub(crate) fn take(&mut self, key: Key) -> Option<Box<Connection>> {
        let (serial, held) = self.slots.get_mut(key.slot)?;
        if *serial == key.serial { held.take() } else { None }
    }

    pub(crate) fn put(&mut self, key: Key, connection: Box<Connection>) {
        if let Some((serial, held)) = self.slots.get_mut(key.slot)
            && *serial == key.serial
        {
            *held = Some(connection);
        }
    }

    pub(crate) fn forget(&mut self, key: Key) {
        if let Some((serial, held)) = self.slots.get_mut(key.slot)
            && *serial == key.serial
        {
            (*serial, *held) = (0, None);
            self.free.push(key.slot);
        }
    }
}

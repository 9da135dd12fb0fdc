//! A list that is never empty: every number means one of its members.

/// A list that is never empty. A number past its end means a member all the same, by going round.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    first: T,
    rest: Vec<T>,
}

impl<T> Table<T> {
    /// `count` members, and one at least.
    pub(crate) fn build(count: usize, mut make: impl FnMut(usize) -> T) -> Self {
        let first = make(0);
        Self { first, rest: (1..count.max(1)).map(make).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.rest.len() + 1
    }

    pub(crate) fn get(&self, at: usize) -> &T {
        match (at % self.len()).checked_sub(1) {
            Some(at) => self.rest.get(at).unwrap_or(&self.first),
            None => &self.first,
        }
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> &mut T {
        match (at % self.len()).checked_sub(1) {
            Some(at) => self.rest.get_mut(at).unwrap_or(&mut self.first),
            None => &mut self.first,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        std::iter::once(&mut self.first).chain(&mut self.rest)
    }
}

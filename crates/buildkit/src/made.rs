//! What a step gives to those after it.

/// What was made, or found in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made<T> {
    /// What it is.
    pub value: T,
    /// It was in the cache.
    pub cached: bool,
}

impl<T> Made<T> {
    /// What was made just now.
    pub fn new(value: T) -> Self {
        Self {
            value,
            cached: false,
        }
    }

    /// What was found in the cache.
    pub fn found(value: T) -> Self {
        Self {
            value,
            cached: true,
        }
    }

    /// The same under a name of its own.
    pub fn map<U>(self, name: impl FnOnce(T) -> U) -> Made<U> {
        Made {
            value: name(self.value),
            cached: self.cached,
        }
    }
}

//! Locks that a panicking thread does not poison.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A thread that panicked while it held one of our locks left nothing half-done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Files in and out: reading within limits, finding inputs in folders, writing whole or not at all, and the
//! door through which the compiler loads files of the project.

pub mod discover;
pub mod loader;
pub mod read;
pub mod write;

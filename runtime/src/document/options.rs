//! How a file is read.

/// Limits and choices of [`super::read`].
#[derive(Clone, Debug)]
pub struct ReadOptions {
    pub duplicate_keys: DuplicateKeys,
    /// Levels of lists and maps, aliases written out.
    pub depth_max: usize,
    pub file_bytes_max: usize,
    /// The length of one key or text.
    pub scalar_bytes_max: usize,
    /// Nodes that the aliases of one document may stand for.
    pub alias_nodes_max: u64,
    /// How many times the size of its text the aliases of one document may stand for.
    pub alias_factor_max: u64,
    /// How many findings of one kind are listed; more are counted.
    pub findings_each_max: usize,
}

/// What a key that occurs twice in a map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateKeys {
    /// An error. The document is there all the same, with the value of the last.
    Error,
    /// A warning; the last one counts, as in Kubernetes.
    Last,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            duplicate_keys: DuplicateKeys::Error,
            depth_max: 512,
            file_bytes_max: 256 << 20,
            scalar_bytes_max: 16 << 20,
            alias_nodes_max: 1_000_000,
            alias_factor_max: 10,
            findings_each_max: 100,
        }
    }
}

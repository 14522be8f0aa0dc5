//! The back door: performs a guarded plan, writing the ledger before and after.

//! The one integration binary: scenarios against the embedded GitHub, one file a job.

mod house;

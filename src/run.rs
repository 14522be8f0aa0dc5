//! The hall: config, adapters, job, guard, apply, report.

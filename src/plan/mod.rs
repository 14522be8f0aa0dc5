//! Outward effects as data, and the guard that lets them through or not.

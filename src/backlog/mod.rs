//! Which issue is next, and why: eligibility, score, explanation.

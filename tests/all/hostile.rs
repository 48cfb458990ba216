//! Guests that mean harm: whatever they hand to a host call, they alone end, for a reason that says
//! which call it was. The modules are generated from the table of host calls, so that a new call is
//! covered by itself.

mod arguments;
mod calls;
mod forged;
mod handlers;
mod scripts;
mod startup;

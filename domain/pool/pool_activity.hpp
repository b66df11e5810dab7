#pragma once

namespace dklb::domain {

/// What a pool is doing. "Changes" are claims, releases, other nodes and drifts.
///
/// | state     | what it means                          | what ends it |
/// |-----------|----------------------------------------|------------------------------------------|
/// | idle      | the pool is as it should be            | a change: waiting | | waiting   | a round
/// is due; it waits for the gate, | the gate is open and the time has come:  | |           | the
/// write gap or a back-off            | recalling where nothing is known,        | |           | |
/// reading where the pool may exist, else   | |           | | the plan is made at once (see
/// reading)   | | recalling | the inventory is asked                 | a document, or "absent": the
/// plan is     | |           |                                        | made (see reading).
/// Neither: reading     | | reading   | a GET is in flight; changes go into    | the plan is made.
/// Nothing to write: idle.| |           | the plan that follows                  | Gate closed, or
/// a failure: waiting.      | |           |                                        | Otherwise
/// writing. A PUT, a DELETE, a    | |           |                                        | release
/// with nothing to remove, and "it  | |           |                                        | does
/// not exist" as a refusal need a read | |           |                                        | of
/// this round: reading                   | | writing   | a POST, PUT or DELETE is in flight;    |
/// success: idle, or waiting where there    | |           | changes wait for the next round | were
/// changes or more is to be tried.     | |           |                                        |
/// Anything else: waiting                   |
enum class pool_activity { idle, waiting, recalling, reading, writing };

const char* to_string(pool_activity doing);

} // namespace dklb::domain

#pragma once

namespace dklb::http {

/// What a thread of ours begins with: its name, 15 letters at most, and no signals, which are the
/// main thread's.
void set_up_thread(const char* name);

} // namespace dklb::http

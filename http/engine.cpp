#include "http/engine.hpp"

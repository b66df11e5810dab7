// What a reflector remembers, and what a relist tells from it.
#include "http/kube/watch/known_objects.hpp"

#include "tests/http/kube/json_views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using http::kube::known_objects;
using http::kube::object_identity;
using nlohmann::json;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const object_identity one{"default", "one", "u1"};
const object_identity two{"default", "two", "u2"};
const object_identity reborn{"default", "one", "u9"};

TEST(KnownObjects, ARelistTellsWhatIsMissing) {
  known_objects known;
  known.begin_list();
  known.seen(one);
  known.seen(two);
  EXPECT_THAT(known.finish_list(), IsEmpty());
  known.begin_list();
  known.seen(two);
  EXPECT_THAT(known.finish_list(), UnorderedElementsAre(one));
  EXPECT_EQ(known.size(), 1U);
}

TEST(KnownObjects, AListThatWasBegunAnewForgetsTheFirstAttempt) {
  known_objects known;
  known.begin_list();
  known.seen(one);
  known.begin_list();
  known.seen(two);
  EXPECT_THAT(known.finish_list(), UnorderedElementsAre(one));
}

TEST(KnownObjects, AnotherUidUnderTheSameNameTellsTheOldOneOnce) {
  known_objects known;
  EXPECT_EQ(known.seen(one), std::nullopt);
  EXPECT_EQ(known.seen(one), std::nullopt);
  EXPECT_EQ(known.seen(reborn), one);
  EXPECT_EQ(known.seen(reborn), std::nullopt);
}

TEST(KnownObjects, ALateDeletionOfTheOldUidDoesNotTouchTheNewOne) {
  known_objects known;
  known.seen(one);
  known.seen(reborn);
  EXPECT_FALSE(known.deleted(one));
  EXPECT_EQ(known.size(), 1U);
  EXPECT_TRUE(known.deleted(reborn));
  EXPECT_EQ(known.size(), 0U);
}

TEST(KnownObjects, TheDeletionOfWhatWasNeverSeenIsToldAllTheSame) {
  known_objects known;
  EXPECT_TRUE(known.deleted(one));
}

TEST(KnownObjects, ObjectsWithoutNamespaceAreKeptApart) {
  const object_identity node{"", "one", "u3"};
  known_objects known;
  known.begin_list();
  known.seen(node);
  known.seen(one);
  EXPECT_THAT(known.finish_list(), IsEmpty());
  known.begin_list();
  EXPECT_THAT(known.finish_list(), UnorderedElementsAre(one, node));
}

TEST(KnownObjects, AnIdentityNeedsANameAndAUid) {
  using http::kube::identity_of;
  const json complete = {{"metadata", {{"namespace", "default"}, {"name", "one"}, {"uid", "u1"}}}};
  EXPECT_EQ(identity_of(view_of(complete)), one);
  for (const json& object :
       {json(nullptr), json(1), json::object(), json{{"metadata", 1}},
        json{{"metadata", {{"name", "one"}}}}, json{{"metadata", {{"uid", "u1"}}}},
        json{{"metadata", {{"name", 1}, {"uid", "u1"}}}}})
    EXPECT_EQ(identity_of(view_of(object)), std::nullopt) << object;
}

} // namespace
} // namespace dklb::tests

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/spool.h"
#include "tests/support/process.h"
#include "tests/unit/store_samples.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>

using namespace lt::store;
using namespace store_test;
using lt::support::TemporaryDirectory;

namespace {

std::vector<StoredMessage> numbered(int from, int count) {
    std::vector<StoredMessage> messages;
    for (int i = from; i < from + count; i++)
        messages.push_back(stored("u" + std::to_string(i), "text " + std::to_string(i)));
    return messages;
}

void append(Spool &spool, const std::vector<StoredMessage> &messages) {
    std::string error;
    g_assert_true(spool.append(messages, error));
    expectText(error, "");
}

/// Takes everything out, `limit` at a time.
std::string drain(Spool &spool, std::size_t limit = 7) {
    std::string ids;
    while (spool.size() > 0) {
        for (const auto &message : spool.front(limit).messages)
            ids += message.transcript.utteranceId + " ";
        spool.drop();
    }
    return ids;
}

std::string ids(int from, int count) {
    std::string text;
    for (int i = from; i < from + count; i++)
        text += "u" + std::to_string(i) + " ";
    return text;
}

std::vector<std::filesystem::path> filesIn(const std::string &folder) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::exists(folder))
        for (const auto &entry : std::filesystem::directory_iterator(folder))
            files.push_back(entry.path());
    return files;
}

void what_goes_in_comes_out_in_order_and_leaves_no_file() {
    TemporaryDirectory directory;
    Spool spool(directory.file("spool/deep"), "k");
    spool.adopt();
    g_assert_cmpuint(spool.size(), ==, 0);
    append(spool, numbered(0, 20));
    append(spool, numbered(20, 5));
    g_assert_cmpuint(spool.size(), ==, 25);
    expectText(drain(spool), ids(0, 25));
    g_assert_cmpuint(filesIn(directory.file("spool/deep")).size(), ==, 0);
    append(spool, numbered(25, 1));
    expectText(drain(spool), ids(25, 1));
}

void what_is_not_dropped_comes_again_even_when_more_is_appended() {
    TemporaryDirectory directory;
    Spool spool(directory.file("spool"), "k");
    append(spool, numbered(0, 3));
    g_assert_cmpuint(spool.front(2).messages.size(), ==, 2);
    g_assert_cmpuint(spool.front(2).messages.size(), ==, 2);
    spool.drop();
    append(spool, numbered(3, 2));
    expectText(drain(spool), ids(2, 3));
}

void a_successor_finds_what_was_left_behind_but_not_what_is_in_use() {
    TemporaryDirectory directory;
    auto first = std::make_unique<Spool>(directory.file("spool"), "k");
    append(*first, numbered(0, 5));
    Spool neighbour(directory.file("spool"), "k");
    neighbour.adopt();
    g_assert_cmpuint(neighbour.size(), ==, 0);
    append(neighbour, numbered(10, 1));
    first.reset(); // as when its process dies: the lock goes
    Spool stranger(directory.file("spool"), "other");
    stranger.adopt();
    g_assert_cmpuint(stranger.size(), ==, 0);
    Spool successor(directory.file("spool"), "k");
    successor.adopt();
    append(successor, numbered(5, 1));
    expectText(drain(successor), ids(0, 6));
    expectText(drain(neighbour), ids(10, 1));
}

void a_torn_last_line_costs_only_itself() {
    TemporaryDirectory directory;
    {
        Spool spool(directory.file("spool"), "k");
        append(spool, numbered(0, 3));
    }
    const auto file = filesIn(directory.file("spool")).at(0);
    const std::string line = toSpoolLine(numbered(3, 1)[0]);
    std::ofstream(file, std::ios::app) << line.substr(0, line.size() / 2);
    Spool spool(directory.file("spool"), "k");
    spool.adopt();
    g_assert_cmpuint(spool.torn(), ==, 1);
    append(spool, numbered(4, 1)); // into the same file, where the torn line was
    expectText(drain(spool), (ids(0, 3) + ids(4, 1)));
    g_assert_cmpuint(spool.damaged(), ==, 0);
}

void a_damaged_line_is_kept_aside_and_counted_once() {
    TemporaryDirectory directory;
    {
        Spool spool(directory.file("spool"), "k");
        append(spool, numbered(0, 1));
    }
    const auto file = filesIn(directory.file("spool")).at(0);
    std::ofstream(file, std::ios::app) << "{\"half\": \n" << toSpoolLine(numbered(1, 1)[0]);
    Spool spool(directory.file("spool"), "k");
    spool.adopt();
    spool.front(10); // as when the database does not take it at first
    expectText(drain(spool), ids(0, 2));
    g_assert_cmpuint(spool.damaged(), ==, 1);
    std::ifstream kept(directory.file("spool/k-damaged.jsonl"));
    const std::string text((std::istreambuf_iterator<char>(kept)), {});
    expectText(text, "{\"half\": \n");
    Spool next(directory.file("spool"), "k");
    next.adopt();
    g_assert_cmpuint(next.size(), ==, 0);
}

void lines_longer_than_a_block_and_files_of_many_blocks_are_read() {
    TemporaryDirectory directory;
    {
        Spool spool(directory.file("spool"), "k");
        append(spool, {stored("u0", std::string(300000, 'x')), stored("u1", "short")});
        append(spool, numbered(2, 3000));
    }
    Spool spool(directory.file("spool"), "k");
    spool.adopt();
    g_assert_cmpuint(spool.size(), ==, 3002);
    expectText(drain(spool, 100), ids(0, 3002));
}

/// A full disk, as far as a process can have one to itself: files may not grow beyond a limit (EFBIG, after a
/// partial write as with ENOSPC).
void a_full_disk_leaves_the_spool_as_it_was() {
    TemporaryDirectory directory;
    Spool spool(directory.file("spool"), "k");
    append(spool, numbered(0, 2));
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    const rlimit full{1000, before.rlim_max};
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &full), ==, 0);
    std::string error;
    g_assert_false(spool.append(numbered(2, 100), error));
    g_assert_true(error.find("cannot be written") != error.npos);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    append(spool, numbered(2, 3));
    expectText(drain(spool), ids(0, 5));
}

void a_folder_that_cannot_be_made_is_named() {
    TemporaryDirectory directory;
    std::ofstream(directory.file("file")) << "not a folder";
    Spool spool(directory.file("file/spool"), "k");
    spool.adopt();
    std::string error;
    g_assert_false(spool.append(numbered(0, 1), error));
    g_assert_true(error.find(directory.file("file/spool")) != error.npos);
    g_assert_false(spool.setAside(stored("u", "a"), error));
}

void nobody_else_may_read_what_was_said() {
    TemporaryDirectory directory;
    Spool spool(directory.file("spool"), "k");
    append(spool, numbered(0, 1));
    using std::filesystem::perms;
    const auto open = [](const std::filesystem::path &path) {
        return std::filesystem::status(path).permissions() & (perms::group_all | perms::others_all);
    };
    g_assert_true(open(directory.file("spool")) == perms::none);
    g_assert_true(open(filesIn(directory.file("spool")).at(0)) == perms::none);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/spool/order", what_goes_in_comes_out_in_order_and_leaves_no_file);
    g_test_add_func("/spool/again", what_is_not_dropped_comes_again_even_when_more_is_appended);
    g_test_add_func("/spool/adopt", a_successor_finds_what_was_left_behind_but_not_what_is_in_use);
    g_test_add_func("/spool/torn", a_torn_last_line_costs_only_itself);
    g_test_add_func("/spool/damaged", a_damaged_line_is_kept_aside_and_counted_once);
    g_test_add_func("/spool/long", lines_longer_than_a_block_and_files_of_many_blocks_are_read);
    g_test_add_func("/spool/full", a_full_disk_leaves_the_spool_as_it_was);
    g_test_add_func("/spool/folder", a_folder_that_cannot_be_made_is_named);
    g_test_add_func("/spool/permissions", nobody_else_may_read_what_was_said);
    return g_test_run();
}

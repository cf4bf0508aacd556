// SPDX-License-Identifier: GPL-3.0-or-later
// A training as the window sees it: a process of its own, `ochre train`, and the folder in which it leaves its state, its log
// and its samples. The window may close and the training goes on being resumable; a crash of one does not harm the other.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <QObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTimer>

#include "core/graph/Parameter.h"

namespace ochre::ui {

/// A recipe as the program describes it.
struct TrainingRecipe {
    std::string id, label, help;
    std::vector<graph::Parameter> parameters;
};

/// A step of the log.
struct TrainingPoint {
    std::int64_t step = 0;
    double loss = 0, rate = 0, seconds = 0;
};

class TrainingProcess : public QObject {
    Q_OBJECT
public:
    explicit TrainingProcess(QObject* parent = nullptr);
    /// Asks a training that runs to save and end, and waits for it a while.
    ~TrainingProcess() override;

    /// Asks the program for its recipes; recipesReady() comes later, or failed().
    void loadRecipes();
    const std::vector<TrainingRecipe>& recipes() const { return m_recipes; }

    /// Shows what a folder holds; nothing runs. Empty, or without a training: no points.
    void follow(const QString& folder);
    /// Trains in `folder`; with a training in it already, goes on with that one.
    void start(const std::string& recipe, const std::map<std::string, std::string>& settings, const QString& folder);
    void stop(); ///< it saves its state first

    bool running() const { return m_process && m_process->state() != QProcess::NotRunning; }
    bool holdsTraining() const; ///< the folder has a state to go on from
    QString folder() const { return m_folder; }
    std::string recipe() const { return m_recipe; }             ///< of the folder's training; empty: none
    std::map<std::string, std::string> settings() const { return m_settings; } ///< of the folder's training
    const std::vector<TrainingPoint>& points() const { return m_points; }
    std::int64_t totalSteps() const { return m_total; } ///< 0: not known
    double secondsLeft() const;                          ///< negative: not known
    QString status() const { return m_status; }          ///< what it said last
    QStringList samples() const { return m_samples; }    ///< paths of sample pictures, oldest first
    QString result() const { return m_result; }          ///< path of what came out; empty: nothing yet

Q_SIGNALS:
    void recipesReady();
    void changed(); ///< points, samples, status
    void started();
    void ended(); ///< finished or stopped
    void failed(const QString& what, const QString& hint);

private:
    void readFolder();
    void readLog();
    void readOutput();
    void finish(int status);

    std::vector<TrainingRecipe> m_recipes;
    std::unique_ptr<QProcess> m_process, m_lister;
    QTimer m_timer;
    QString m_folder, m_status, m_result;
    QByteArray m_output;
    std::string m_recipe;
    std::map<std::string, std::string> m_settings;
    std::vector<TrainingPoint> m_points;
    std::int64_t m_total = 0;
    qint64 m_logRead = 0;
    QStringList m_samples;
    bool m_stopping = false;
};

} // namespace ochre::ui

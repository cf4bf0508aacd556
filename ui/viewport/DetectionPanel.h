// SPDX-License-Identifier: GPL-3.0-or-later
// What a detector found, as a list beside its picture and as boxes over it; what is chosen in one is chosen
// in the other.
#pragma once

#include <optional>

#include <QWidget>

#include "core/image/Detections.h"
#include "ui/viewport/SceneTool.h"

class QLabel;
class QPushButton;
class QStackedWidget;
class QTreeWidget;

namespace ochre::ui {

class EmptyPanel;
class ImageView;

class DetectionPanel : public QWidget, public SceneTool {
    Q_OBJECT
public:
    explicit DetectionPanel(ImageView& view);

    /// The choice goes where they are others. `mayLower`: less sure ones can be asked for.
    void setDetections(const Detections& found, bool mayLower);
    void setOutlined(bool on); ///< the chosen box in the picture; off where a tool shows it
    const Detections& detections() const { return m_found; }
    std::optional<std::size_t> current() const { return m_current; }

    // In the picture: a click chooses the smallest box that it lies in.
    bool press(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void move(QPointF, Qt::KeyboardModifiers) override {}
    void release(QPointF, Qt::KeyboardModifiers) override {}
    void hover(QPointF at) override;
    void paint(QPainter& painter) override;

Q_SIGNALS:
    void chosen(const QRectF& box); ///< by a click or Return
    void lessSureWanted();          ///< nothing was found
    void redoWanted(const QRectF& box, const QString& label); ///< by a model that paints
    void redoAllWanted();                                     ///< each that was found

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::optional<std::size_t> boxAt(QPointF at) const;
    QRectF placed(std::size_t index) const; ///< in the view
    void choose(std::size_t index);
    void setHovered(std::optional<std::size_t> index);
    void refreshRedo();

    ImageView& m_view;
    Detections m_found;
    std::optional<std::size_t> m_current, m_hovered;
    bool m_outlined = true;
    QLabel* m_count;
    QTreeWidget* m_list;
    EmptyPanel* m_nothing;
    QStackedWidget* m_stack;
    QPushButton *m_redo, *m_redoAll;
};

} // namespace ochre::ui
